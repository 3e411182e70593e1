//! Requests for a listener at a loopback address that name somebody else.

use super::*;

#[test]
fn a_loopback_listener_answers_to_no_foreign_name() {
    for (status, head) in [
        (200, "GET / HTTP/1.1\r\nHost: 127.0.0.1:9000"),
        (200, "GET / HTTP/1.1\r\nHost: [::1]:9000 "),
        (200, "GET http://localhost:9000/ HTTP/1.1\r\nHost: localhost:9000"),
        (200, "GET / HTTP/1.0"),
        (421, "GET / HTTP/1.1\r\nHost: attacker.example:9000"),
        (421, "GET / HTTP/1.1\r\nHost:"),
        (421, "GET / HTTP/1.0\r\nHost: attacker.example"),
        (421, "GET / HTTP/1.0\r\nHost: localhost\r\nHost: attacker.example"),
        (421, "GET http://attacker.example/ HTTP/1.1\r\nHost: localhost"),
        (421, "POST / HTTP/1.1\r\nHost: attacker.example"),
    ] {
        let (text, told) = answer(format!("{head}\r\n\r\n{}", get("/b.bin")).as_bytes());
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {text}");
        assert_eq!(text.contains("so that no page of the web gets in"), status == 421, "{text}");
        assert_eq!(text.contains("0123456789"), status == 200 && head.contains("1.1"), "{text}");
        assert!(told[0].contains(&format!(" {status} ")), "{told:?}");
    }
}

#[test]
fn a_loopback_listener_takes_web_sockets_of_no_foreign_page() {
    for (status, origin) in [
        (101, "Origin: http://localhost:3000\r\n"),
        (101, "Origin: http://127.0.0.1:9000\r\n"),
        (403, "Origin: https://attacker.example\r\n"),
        (403, "Origin: null\r\n"),
        (403, "Origin: http://localhost\r\nOrigin: http://attacker.example\r\n"),
    ] {
        let (text, told) = answer(HANDSHAKE.replacen("Upgrade:", &format!("{origin}Upgrade:"), 1).as_bytes());
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{origin}: {text}");
        assert!(told.iter().any(|told| told.starts_with(&format!("GET /chat {status} "))), "{told:?}");
    }
    // Pages may ask for pages: without leave they don't get to read them.
    let (text, _) = answer(b"GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://attacker.example\r\n\r\n");
    assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
}
