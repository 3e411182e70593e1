//! `export` to what is not a file, or not to be replaced: pipes, devices, standard output, journals in use.

mod support;

use std::fs::{self, File, OpenOptions};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use sockeye::store::journal::JournalWriter;
use support::{Process, Recording, expect_sound, fields, listing, require, require_tool, rows_of, sockeye};
use tempfile::TempDir;

fn kept() -> (TempDir, PathBuf) {
    let mut recording = Recording::default();
    recording.accepted(1, "unix:/run/x.sock", "");
    recording.received(1, b"over a Unix socket");
    recording.connected(2, "tcp://127.0.0.1:40000", "tcp://127.0.0.1:80");
    recording.sent(2, b"over TCP");
    recording.can_frame(3);
    let folder = tempfile::tempdir().expect("a folder");
    let journal = folder.path().join("journal.sqlite");
    recording.keep(&journal);
    (folder, journal)
}

fn export(journal: &Path, format: &str, out: &Path) -> Command {
    let mut command = sockeye(&["export", format]);
    command.arg(journal).arg(out);
    command
}

/// What it said when it failed.
fn refused(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    let words = String::from_utf8(output.stderr).expect("words");
    assert_eq!(output.status.code(), Some(1), "{words}");
    words
}

/// A name for standard output that may be lost, should it be replaced.
fn standard_output(folder: &Path) -> PathBuf {
    let link = folder.join("out");
    symlink("/proc/self/fd/1", &link).expect("a link");
    link
}

#[test]
fn a_fifo_stays_one_and_its_reader_has_every_row() {
    let (folder, journal) = kept();
    let rows = rows_of(&journal);
    let fifo = folder.path().join("fifo");
    mkfifo(&fifo, Mode::S_IRWXU).expect("a FIFO");
    let reader = Process::run("cat", &[fifo.to_str().expect("UTF-8")]);
    let mut command = export(&journal, "--json", &fifo);
    let mut exporting = command.stdout(Stdio::null()).spawn().expect("it runs");
    assert!(exporting.wait().expect("it ends").success());
    assert!(fs::symlink_metadata(&fifo).expect("it is there").file_type().is_fifo());
    let read = String::from_utf8(reader.finish().stdout).expect("text");
    let read: Vec<serde_json::Value> =
        read.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(read, rows);
}

#[test]
fn standard_output_goes_on_where_it_stands_whatever_it_is() {
    let (folder, journal) = kept();
    let lines = fs::read_to_string({
        rows_of(&journal);
        journal.with_extension("copy.jsonl")
    })
    .expect("the copy");
    let out = standard_output(folder.path());
    let piped = export(&journal, "--json", &out).output().expect("it runs");
    assert_eq!(String::from_utf8(piped.stdout).expect("text"), lines);
    assert!(String::from_utf8_lossy(&piped.stderr).contains("rows saved"));

    let log = folder.path().join("log");
    fs::write(&log, "before\n").expect("a file");
    let appended = OpenOptions::new().append(true).open(&log).expect("the file");
    assert!(export(&journal, "--json", &out).stdout(appended).status().expect("it runs").success());
    assert_eq!(fs::read_to_string(&log).expect("the file"), format!("before\n{lines}"));

    // Under its own name it is a file, and replaced.
    let appended = OpenOptions::new().append(true).open(&log).expect("the file");
    assert!(export(&journal, "--json", &log).stdout(appended).status().expect("it runs").success());
    assert_eq!(fs::read_to_string(&log).expect("the file"), lines);

    let (near, mut far) = UnixStream::pair().expect("sockets");
    assert!(export(&journal, "--json", &out).stdout(OwnedFd::from(near)).status().expect("it runs").success());
    let mut received = String::new();
    far.read_to_string(&mut received).expect("text");
    assert_eq!(received, lines);

    // A reader who has seen enough is no failure.
    let (near, far) = UnixStream::pair().expect("sockets");
    drop(far);
    let output = export(&journal, "--json", &out).stdout(OwnedFd::from(near)).output().expect("it runs");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    assert!(fs::symlink_metadata(&out).expect("it is there").is_symlink());
}

#[test]
fn a_capture_through_a_pipe_is_of_one_kind_and_the_rest_is_counted() {
    if !["tshark", "capinfos"].into_iter().all(require_tool) {
        return;
    }
    let (folder, journal) = kept();
    let out = standard_output(folder.path());
    for (filter, layer, rows, said) in [
        ("", "tcp.len > 0", 2, "2 rows are left out: their packets are of another kind"),
        ("in", "exported_pdu", 1, "1 row is left out: its packets are of another kind"),
        ("session:3", "can", 1, "saved"),
    ] {
        let mut command = export(&journal, "--pcapng", &out);
        let output = command.args(["--filter", filter]).output().expect("it runs");
        let words = String::from_utf8(output.stderr).expect("words");
        assert!(output.status.success() && words.contains(said), "{words}");
        assert!(words.starts_with(&format!("{rows} row")), "{words}");
        let capture = folder.path().join("a.pcapng");
        fs::write(&capture, output.stdout).expect("written");
        expect_sound(&capture);
        assert_eq!(fields(&capture, layer, &["frame.number"]).len(), 1, "{filter}");
    }
    assert!(!listing(folder.path()).iter().any(|name| name.contains("unix") || name.contains("can")));
}

#[test]
fn what_can_neither_be_written_to_nor_replaced_stays() {
    let (folder, journal) = kept();
    let socket = folder.path().join("socket");
    let _listener = UnixListener::bind(&socket).expect("a socket");
    let place = folder.path().join("folder");
    fs::create_dir(&place).expect("a folder");
    for (out, why) in [(&socket, "not a regular file"), (&place, "that is a folder")] {
        for format in ["--csv", "--pcapng"] {
            let words = refused(&mut export(&journal, format, out));
            assert!(words.contains(why) && words.contains("Choose a file"), "{words}");
        }
    }
    assert!(fs::symlink_metadata(&socket).expect("it is there").file_type().is_socket());
    let words = refused(&mut export(&journal, "--csv", Path::new("/dev/full")));
    assert!(words.contains("no space left"), "{words}");
}

#[test]
fn journals_in_use_are_not_overwritten() {
    let (folder, journal) = kept();
    let rows = rows_of(&journal);
    let other = folder.path().join("other.sqlite");
    let _open = JournalWriter::create(&other).expect("a journal");
    let before = fs::read(&other).expect("the file");
    for (out, language, why) in [
        (&journal, "C.UTF-8", "that is the journal itself"),
        (&journal, "zh_CN.UTF-8", "这是日志本身"),
        (&other, "C.UTF-8", "that a program has open"),
        (&other, "zh_CN.UTF-8", "某个程序正打开着"),
    ] {
        let words = refused(export(&journal, "--csv", out).env("LANG", language));
        assert!(words.contains(why) && words.contains(out.to_str().expect("UTF-8")), "{words}");
    }
    assert_eq!(rows_of(&journal), rows);
    assert!(fs::read(&other).expect("the file") == before);
}

#[test]
fn the_folder_is_told_to_keep_the_new_name() {
    if !require_tool("strace") {
        return;
    }
    let traced = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    if !require(traced.is_ok_and(|output| output.status.success()), "the right to trace programs") {
        return;
    }
    let (folder, journal) = kept();
    let (calls, out) = (folder.path().join("calls"), folder.path().join("a.pcapng"));
    let exporting = export(&journal, "--pcapng", &out);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-y", "-qq", "-e", "trace=fsync,fdatasync,rename,renameat,renameat2,link,linkat", "-o"]);
    strace.arg(&calls).arg(exporting.get_program()).args(exporting.get_args());
    let output = strace.output().expect("it runs");
    assert!(output.status.success() && out.exists(), "{output:?}");
    let mut text = String::new();
    File::open(&calls).and_then(|mut file| file.read_to_string(&mut text)).expect("what it called");
    let called: Vec<&str> = text.lines().filter(|line| !line.contains("sqlite")).collect();
    let folder = fs::canonicalize(folder.path()).expect("the folder");
    let sync = format!("<{}>)", folder.display());
    // Two files beside it, each by a second name that it keeps, and the one that was asked for.
    let names: Vec<_> = called.iter().filter(|line| line.contains("link") || line.contains("rename")).collect();
    assert_eq!(names.len(), 3, "{text}");
    for name in names {
        let after = called.iter().skip_while(|line| line != &name).nth(1).expect("more");
        assert!(after.contains("fsync(") && after.contains(&sync), "{text}");
    }
}
