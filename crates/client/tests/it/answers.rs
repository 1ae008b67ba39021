//! Answers that no server of ours gives.

use tenure_client::ClientError;

use crate::stub::{Reply, Stub, TRACE, document, patience};

/// What is said of this answer to a question about a session, which is asked once.
async fn said(answer: Vec<u8>) -> String {
    let stub = Stub::new(move |_, _| Reply::Cut(answer.clone())).await;
    let error = stub.client(patience()).session("job").await.unwrap_err();
    assert_eq!(stub.lines().len(), 1, "{error}");
    assert!(matches!(error, ClientError::Unreadable { .. }), "{error:?}");
    let all = format!("{error} {error:?}");
    assert!(!all.contains("s3cret"), "{all}");
    error.to_string()
}

#[tokio::test]
async fn a_request_tells_the_trace_that_it_is_made_in() {
    let stub = Stub::new(|_, _| Reply::Kept(document(200, r#"{"data":[],"next_cursor":null}"#))).await;
    stub.client(patience()).namespaces().await.unwrap();
    assert_eq!(stub.asked()[0].headers["traceparent"], TRACE);
}

#[tokio::test]
async fn an_answer_that_is_no_document_is_told_as_one_that_cannot_be_understood() {
    for wrong in ["", "oops", "[]", "null", r#"{"id":7}"#, "{\"id\":\"\u{0}\"}", "{}"] {
        let told = said(document(200, wrong)).await;
        assert!(told.starts_with("understand the server's answer: "), "{told}");
    }
    let told = said(document(200, &(r#"{"x":"#.to_owned() + &"[".repeat(1_000_000)))).await;
    assert!(told.starts_with("understand"), "{told}");
    let told = said(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n\xff\xfe".to_vec()).await;
    assert!(told.starts_with("understand"), "{told}");
}

#[tokio::test]
async fn a_no_that_is_no_problem_document_is_told_with_its_status() {
    for (status, body) in [(404, "<html>"), (403, ""), (302, "{}"), (418, r#"{"code":7}"#)] {
        let told = said(document(status, body)).await;
        assert!(
            told.contains(&format!("status {status}")) && told.contains("is that a Tenure server?"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_taken_in() {
    let announced = b"HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n{".to_vec();
    assert!(said(announced).await.contains("too long"));
    // A problem is a page at most, however much comes.
    let mut endless = b"HTTP/1.1 400 X\r\n\r\n".to_vec();
    endless.resize(2 * 1024 * 1024, b'x');
    assert!(said(endless).await.contains("too long"));
}
