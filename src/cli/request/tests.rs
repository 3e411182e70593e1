use clap::{CommandFactory, Parser};

use super::super::args::Arguments;
use super::*;

fn request(line: &str) -> Result<Request, String> {
    let words = std::iter::once("sockeye").chain(line.split(' '));
    let arguments = Arguments::try_parse_from(words).map_err(|error| error.to_string())?;
    read(arguments.verb, Language::English).map_err(|error| error.problem)
}

fn connect(line: &str) -> ConnectTask {
    match request(line).expect("a good line").task {
        Task::Connect(task) => task,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_arguments_are_well_formed() {
    Arguments::command().debug_assert();
}

#[test]
fn only_standard_input_over_a_connection_waits_without_end() {
    assert_eq!(connect("connect tcp://h:1").wait, None);
    assert_eq!(connect("connect unix-seqpacket:@x").wait, None);
    assert_eq!(connect("connect unix-dgram:@x").wait, Some(ANSWER_WAIT));
    assert_eq!(connect("connect tcp://h:1 --wait 50").wait, Some(Duration::from_millis(50)));
    assert_eq!(connect("connect tcp://h:1 --send x").wait, Some(ANSWER_WAIT));
    assert_eq!(connect("connect udp://h:1").wait, Some(ANSWER_WAIT));
    assert_eq!(connect("connect udp://h:1 --send x --wait 0").wait, Some(Duration::ZERO));
}

#[test]
fn text_goes_as_it_stands() {
    let Input::Bytes(bytes) = connect(r"connect tcp://h:1 --send -你\n").input else { panic!("bytes") };
    assert_eq!(bytes, r"-你\n".as_bytes());
}

#[test]
fn mistakes_are_told_apart() {
    for (line, part) in [
        ("listen tcp://127.0.0.1:70000", "70000"),
        ("listen 127.0.0.1:9000", "127.0.0.1:9000"),
        ("listen tcp://h:1?nosuch=1", "nosuch"),
        ("listen tcp://h:1 --echo --reply x", "--reply"),
        ("listen tcp://h:1 --quiet", "--json"),
        ("connect tcp://h:1 --send a --send-hex 00", "--send-hex"),
        ("connect tcp://h:1 --wait soon", "soon"),
        ("connect tcp://h:1 --to 127.0.0.1:2", "127.0.0.1:2"),
        ("connect udp://h:1 --to localhost:2,10.0.0.256", "10.0.0.256"),
        ("connect udp://h:1 --to 127.0.0.1:0", "port 0"),
        ("connect tcp://127.0.0.1:1 --bind ::1", "other family"),
        ("connect tcp://h:1 --bind localhost", "localhost"),
        ("connect unix:/x --bind 127.0.0.1", "Only TCP"),
        ("connect tcp://h:1 --unconnected", "datagrams"),
        ("connect udp://h:0", "port 0"),
        ("listen udp://h:1?join=10.0.0.1", "10.0.0.1"),
        ("send-file tcp://h:1", "FILE"),
        ("send-file udp://h:1 a.bin", "udp://h:1"),
        ("receive udp://h:1 --into d", "udp://h:1"),
        ("send-file unix-seqpacket:@x a.bin", "files need a stream"),
        ("receive unix-dgram:@x --into d", "files need a stream"),
        ("listen fd://", "number or name"),
        ("listen fd://-1", "fd://-1"),
        ("receive tcp://h:1", "--into"),
        ("receive tcp://h:1 --into d --largest ten", "500 MB"),
        ("receive tcp://h:1 --into d --most many", "--most"),
        ("listen tcp://h:1 --journal-limit 1GB", "--journal"),
        ("listen tcp://h:1 --journal a --journal-limit much", "500 MB"),
        ("connect tcp://h:1 --journal a --journal-limit 63MB", "64 MB"),
        ("listen tcp://h:1 --snap-length 64", "--journal"),
        ("listen tcp://h:1 --journal a --snap-length 0", "--snap-length"),
        ("export a.sqlite b.pcapng", "--pcapng"),
        ("export a.sqlite --pcapng --csv b", "--csv"),
        ("export a.sqlite --csv b --filter hex:e", "hex:e"),
        ("statistics a.sqlite --filter hex:e", "hex:e"),
        ("time-wait udp://127.0.0.1:9", "only TCP"),
        ("time-wait 0", "port 0"),
        ("time-wait tcp://127.0.0.1:0", "port 0"),
        ("time-wait 70000", "70000"),
    ] {
        let problem = request(line).expect_err(line);
        assert!(problem.contains(part), "{line}: {problem}");
    }
}
