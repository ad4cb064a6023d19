//! Handshakes are for the start, when Lambda gives a whole core: whoever writes first does not wait for them.

use end_to_end::{Stack, documented, serve_braze};
use local_aws::TlsFront;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_host_of_an_ordinary_turn_is_connected_to_before_the_first_poll() {
    let (aws, (braze, endpoint)) = (Stack::aws().await, serve_braze().await);
    let before = async |url: &str| TlsFront::before(url).await.unwrap();
    let address = aws.endpoint();
    let (queues, table, secrets) = (before(&address).await, before(&address).await, before(&address).await);
    let front = before(&endpoint).await;
    let settings = [
        ("SSL_CERT_FILE", TlsFront::AUTHORITY),
        ("AWS_ENDPOINT_URL_SQS", queues.url()),
        ("AWS_ENDPOINT_URL_DYNAMODB", table.url()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.url()),
        ("BRAZE_ENDPOINT", front.url()),
    ];
    let stack = Stack::deploy_on(aws, braze, &settings).await;
    let counts = || [&queues, &table, &front].map(TlsFront::handshakes);
    let at_start = counts();
    // Both functions have a queue, and a turn has two calls of the table at once.
    assert_eq!((at_start, secrets.handshakes() > 0), ([2, 2, 1], true));
    stack.introduce("42");
    let answer = stack.webhook("canary-webhook-token", &documented("42", "Are you open on Sundays?")).await;
    assert_eq!(answer["statusCode"], 202, "{answer}");
    stack.feed(|| !stack.read_by("42").is_empty()).await;
    assert_eq!(counts(), at_start, "something was connected to once more");
}
