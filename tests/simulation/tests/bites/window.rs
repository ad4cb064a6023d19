//! Mistakes about WhatsApp's window.

use std::time::Duration;

use models::AgentDeed;
use simulation::{NO_BUDGET, Plan, World};
use store::{Head, HeadWrite};

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test(start_paused = true)]
async fn what_the_brand_begins_is_sent_to_somebody_whose_window_is_closed() {
    /// Takes what the user wrote for younger than it is.
    fn hears_late(write: &HeadWrite, _: Option<&Head>) -> HeadWrite {
        let mut write = write.clone();
        if let HeadWrite::File { heard: Some(heard), .. } = &mut write {
            *heard = *heard + 6 * HOUR;
        }
        write
    }
    let flow = "[flows.return]\n[[flows.return.steps]]\nname = \"order\"\nsay = \"Which order?\"\nexpect = \"text\"\n";
    // By an agent, or by another system.
    let begins = [AgentDeed::Say("We are.".into()), AgentDeed::StartFlow { flow: "return".to_owned(), language: None }];
    let bends = [(None, 0), (Some(hears_late as simulation::Bend), 1)];
    for (deed, (bend, found)) in begins.iter().flat_map(|deed| bends.map(|bend| (deed, bend))) {
        let toml = format!("{NO_BUDGET}{flow}");
        let world = World::new(Plan { desk: true, bend, toml, ..Plan::default() });
        world.says("ada", "Are you open?").await;
        world.settle(1).await;
        tokio::time::sleep(25 * HOUR).await;
        world.agent("user:ada", None, deed.clone()).await;
        for _ in 0..5 {
            world.poll_agents_once().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let broken = world.witness.violations();
        let late = broken.iter().filter(|what| what.contains("whose window is closed")).count();
        assert_eq!(late, found, "{broken:?}");
    }
}
