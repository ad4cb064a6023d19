//! What a deployment has asked, in every store.

mod ground;

use std::time::Duration;

use ground::client;
use local_aws::LocalAws;
use models::Timestamp;
use store::{Asked, DynamoDb, Embedded, Tally};

const NOON: Timestamp = Timestamp::from_seconds(20_000 * 86_400 + 12 * 3_600);

#[tokio::test]
async fn each_day_has_numbers_of_its_own_that_everybody_adds_to() {
    let ground = LocalAws::start().await;
    ground.create_table("conversations", "expires_at");
    let table = DynamoDb::new(client(&ground.endpoint()), "conversations");
    let memory = Embedded::in_memory();
    for tally in [&table as &dyn Tally, &memory] {
        let mut sums = Vec::new();
        for (questions, hours) in [(3, 0), (4, 11), (1, 12), (2, 35), (1, 36)] {
            let asked = Asked { questions, tokens: 100 * questions };
            let sum = tally.add(asked, NOON + Duration::from_hours(hours)).await.unwrap();
            sums.push((sum.questions, sum.tokens));
        }
        assert_eq!(sums, [(3, 300), (7, 700), (1, 100), (3, 300), (1, 100)]);
    }
    let items = ground.items("conversations");
    assert!(items.len() == 3 && items.iter().all(|item| item["expires_at"]["N"].is_string()), "{items:?}");
}
