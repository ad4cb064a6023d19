use super::*;

const BUSY: AiError = AiError::Unavailable { status: Some(429), retry_after: Some(Duration::from_secs(7)) };
const BROKEN: AiError = AiError::Unusable("its text is blank");

/// Does as it is told, after a while, and remembers how much time it was given each time.
struct Fake {
    outcome: Result<Answer, AiError>,
    summarises: bool,
    takes: Duration,
    given: Mutex<Vec<Duration>>,
}

impl Fake {
    fn asked(&self) -> usize {
        self.given.lock().unwrap().len()
    }
}

#[async_trait]
impl Ai for Fake {
    fn name(&self) -> &'static str {
        if self.summarises { "fake that sums up" } else { "fake" }
    }

    async fn answer(&self, _: &Question, time: Duration) -> Result<Answer, AiError> {
        self.given.lock().unwrap().push(time);
        tokio::time::sleep(self.takes).await;
        self.outcome.clone()
    }

    fn summarises(&self) -> bool {
        self.summarises
    }

    async fn summarise(&self, _: &Past, time: Duration) -> Result<Summary, AiError> {
        self.given.lock().unwrap().push(time);
        tokio::time::sleep(self.takes).await;
        match self.outcome.clone()? {
            Answer::Said { text: Some(text), usage, .. } => Ok(Summary { text, usage }),
            _ => Err(BROKEN),
        }
    }
}

fn sums_up(outcome: Result<Answer, AiError>, seconds: u64) -> Arc<Fake> {
    let takes = Duration::from_secs(seconds);
    Arc::new(Fake { outcome, summarises: true, takes, given: Mutex::default() })
}

async fn summed_up(ladder: &Ladder, seconds: u64) -> Result<String, AiError> {
    let past = Past {
        conversation: models::ConversationKey::of(&models::Recipient::External("ada".into())),
        note: String::new(),
        earlier: None,
        turns: vec![],
        output_tokens: 1,
    };
    ladder.summarise(&past, Duration::from_secs(seconds)).await.map(|summary| summary.text.into_string())
}

fn fake(outcome: Result<Answer, AiError>, seconds: u64) -> Arc<Fake> {
    Arc::new(Fake { outcome, summarises: false, takes: Duration::from_secs(seconds), given: Mutex::default() })
}

fn text(text: &str) -> Answer {
    Answer::text(text)
}

/// Tokio's time.
struct Virtual(Instant);

impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_000_000) + self.0.elapsed()
    }
}

fn rung(fake: &Arc<Fake>, deadline: Option<u64>) -> Arc<Rung> {
    Arc::new(Rung::new(Arc::clone(fake) as Arc<dyn Ai>, deadline.map(Duration::from_secs)))
}

fn ladder(rungs: Vec<Arc<Rung>>) -> Ladder {
    Ladder::new(rungs, Arc::new(Virtual(Instant::now())))
}

async fn ask(backends: &[Arc<Fake>], seconds: u64) -> Result<Answer, AiError> {
    ask_again(&ladder(backends.iter().map(|fake| rung(fake, None)).collect()), seconds).await
}

async fn ask_again(ladder: &Ladder, seconds: u64) -> Result<Answer, AiError> {
    let question = Question::plain("hi");
    ladder.answer(&question, Duration::from_secs(seconds)).await
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_wins_and_only_the_first_backend_may_say_that_it_does_not_know() {
    for (outcomes, expected, asked) in [
        (vec![Ok(text("a")), Ok(text("b"))], Ok(text("a")), 1),
        (vec![Err(BUSY), Ok(text("b")), Ok(text("c"))], Ok(text("b")), 2),
        (vec![Err(BUSY), Err(BROKEN), Ok(text("c"))], Ok(text("c")), 3),
        (vec![Ok(Answer::DontKnow), Ok(text("b"))], Ok(Answer::DontKnow), 1),
        (vec![Err(BUSY), Ok(Answer::DontKnow), Ok(text("c"))], Ok(text("c")), 3),
        (vec![Err(BUSY), Ok(Answer::DontKnow)], Err(BUSY), 2),
        (vec![Err(BROKEN), Err(BUSY), Ok(Answer::DontKnow)], Err(BROKEN), 3),
        (vec![], Err(AiError::Unavailable { status: None, retry_after: None }), 0),
    ] {
        let backends: Vec<_> = outcomes.into_iter().map(|outcome| fake(outcome, 0)).collect();
        assert_eq!(ask(&backends, 10).await, expected);
        let given: usize = backends.iter().map(|backend| backend.asked()).sum();
        assert_eq!(given, asked, "{expected:?}");
    }
}

#[test]
fn below_the_last_backend_nobody_is_next() {
    let fakes = [fake(Err(BUSY), 0), sums_up(Err(BUSY), 0)];
    let ladder = ladder(fakes.iter().map(|fake| rung(fake, None)).collect());
    assert_eq!([ladder.next(0), ladder.next(1)], ["fake that sums up", NOBODY]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_later_is_an_answer_and_then_it_is_asked_on_below() {
    let later = |passed| Ok(Answer::Later(Later { within: Duration::from_mins(1), passed }));
    for (outcomes, passed, expected, asked) in [
        (vec![later(0), Ok(text("b"))], 0, later(1), 1),
        (vec![Err(BUSY), later(0), Ok(text("c"))], 0, later(2), 2),
        (vec![later(0), Ok(text("b"))], 1, Ok(text("b")), 1),
        (vec![Err(BUSY), later(0), Ok(Answer::DontKnow), Ok(text("d"))], 2, Ok(text("d")), 2),
        (vec![later(0)], 1, Err(AiError::Unavailable { status: None, retry_after: None }), 0),
        (vec![later(0)], 9, Err(AiError::Unavailable { status: None, retry_after: None }), 0),
    ] {
        let backends: Vec<_> = outcomes.into_iter().map(|outcome| fake(outcome, 0)).collect();
        let ladder = ladder(backends.iter().map(|fake| rung(fake, None)).collect());
        let question = Question { passed, ..Question::plain("hi") };
        assert_eq!(ladder.answer(&question, Duration::from_secs(10)).await, expected);
        assert_eq!(backends.iter().map(|backend| backend.asked()).sum::<usize>(), asked, "{expected:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_hangs_leaves_time_for_the_next_and_the_whole_keeps_to_its_time() {
    let backends = [fake(Ok(text("late")), 60), fake(Ok(text("late")), 60), fake(Ok(text("spare")), 0)];
    let start = Instant::now();
    assert_eq!(ask(&backends, 10).await, Ok(text("spare")));
    assert_eq!(start.elapsed(), Duration::from_millis(9_750));

    let backends = [fake(Ok(text("late")), 60), fake(Ok(text("late")), 60)];
    let start = Instant::now();
    assert_eq!(ask(&backends, 10).await, Err(AiError::TimedOut));
    assert_eq!(start.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn what_the_first_does_not_use_is_there_for_the_others() {
    let backends = [fake(Err(BUSY), 2), fake(Ok(text("b")), 3)];
    assert_eq!(ask(&backends, 10).await, Ok(text("b")));
    let given = backends.iter().map(|backend| backend.given.lock().unwrap()[0]);
    assert_eq!(given.collect::<Vec<_>>(), [Duration::from_millis(9_500), Duration::from_secs(8)]);
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_fails_again_and_again_is_passed_over_until_its_trial() {
    let (hangs, spare) = (fake(Ok(text("late")), 60), fake(Ok(text("spare")), 0));
    let ladder = ladder(vec![rung(&hangs, None), rung(&spare, None)]);
    let start = Instant::now();
    for (elapsed, asked) in [(9_500, 1), (19_000, 2), (28_500, 3), (28_500, 3), (28_500, 3)] {
        assert_eq!(ask_again(&ladder, 10).await, Ok(text("spare")));
        assert_eq!((start.elapsed(), hangs.asked()), (Duration::from_millis(elapsed), asked));
    }
    tokio::time::advance(Duration::from_secs(10)).await;
    let trial = Instant::now();
    // The trial has to wait; who comes meanwhile does not.
    let meanwhile = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        ask_again(&ladder, 10).await.map(|answer| (answer, trial.elapsed()))
    };
    let (tried, other) = tokio::join!(ask_again(&ladder, 10), meanwhile);
    assert_eq!((tried, other), (Ok(text("spare")), Ok((text("spare"), Duration::from_secs(1)))));
    assert_eq!(hangs.asked(), 4);
}

#[tokio::test(start_paused = true)]
async fn with_nothing_below_the_failure_comes_at_once_and_what_one_ladder_learned_another_knows() {
    let down = fake(Err(BUSY), 1);
    let shared = rung(&down, None);
    let (first, second) = (ladder(vec![Arc::clone(&shared)]), ladder(vec![shared]));
    for _ in 0..3 {
        assert_eq!(ask_again(&first, 10).await, Err(BUSY));
    }
    let start = Instant::now();
    assert_eq!(ask_again(&second, 10).await, Err(AiError::LeftAlone));
    assert_eq!((start.elapsed(), down.asked()), (Duration::ZERO, 3));
}

#[tokio::test(start_paused = true)]
async fn a_backend_whose_promised_answers_never_come_is_left_alone_until_one_comes() {
    let later = |passed| Ok(Answer::Later(Later { within: Duration::from_mins(1), passed }));
    let (promises, spare) = (fake(later(0), 0), fake(Ok(text("spare")), 0));
    let ladder = ladder(vec![rung(&promises, None), rung(&spare, None)]);
    let below = Question { passed: 1, ..Question::plain("hi") };
    for _ in 0..3 {
        assert_eq!(ask_again(&ladder, 10).await, later(1), "a promise alone is no reason");
        assert_eq!(ladder.answer(&below, Duration::from_secs(10)).await, Ok(text("spare")));
    }
    assert_eq!((ask_again(&ladder, 10).await, promises.asked()), (Ok(text("spare")), 3));
    tokio::time::advance(Duration::from_secs(10)).await;
    // Its trial is a promise again, and the next question does not hang on that.
    assert_eq!((ask_again(&ladder, 10).await, ask_again(&ladder, 10).await), (later(1), Ok(text("spare"))));
    ladder.came(1);
    assert_eq!(ask_again(&ladder, 10).await, later(1));
    ladder.came(0);
    ladder.came(9);
}

#[tokio::test(start_paused = true)]
async fn a_backend_gets_no_more_than_its_deadline() {
    let backends = [fake(Ok(text("late")), 60), fake(Ok(text("spare")), 0)];
    let start = Instant::now();
    let ladder = ladder(vec![rung(&backends[0], Some(2)), rung(&backends[1], Some(60))]);
    assert_eq!(ask_again(&ladder, 10).await, Ok(text("spare")));
    assert_eq!(start.elapsed(), Duration::from_secs(2));
    assert_eq!(backends[1].given.lock().unwrap()[..], [Duration::from_secs(8)]);
}

#[tokio::test(start_paused = true)]
async fn the_reserve_never_takes_more_than_a_quarter() {
    let backends = [fake(Ok(text("a")), 0), fake(Ok(text("b")), 0), fake(Ok(text("c")), 0)];
    let ladder = ladder(backends.iter().map(|fake| rung(fake, None)).collect());
    for (left, first) in [(10_000, 9_000), (4_000, 3_000), (400, 300), (0, 0)] {
        assert_eq!(ladder.share(0, Duration::from_millis(left)), Duration::from_millis(first));
        assert_eq!(ladder.share(2, Duration::from_millis(left)), Duration::from_millis(left));
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_that_can_sums_up_and_nobody_in_its_place() {
    let fakes = [fake(Ok(text("a")), 0), sums_up(Err(BUSY), 0), sums_up(Ok(text("c")), 0)];
    let all = ladder(fakes.iter().map(|fake| rung(fake, None)).collect());
    assert!(all.summarises());
    assert_eq!(summed_up(&all, 10).await, Err(BUSY));
    assert_eq!(fakes.each_ref().map(|fake| fake.asked()), [0, 1, 0]);
    let none = ladder(vec![rung(&fakes[0], None)]);
    assert!(!none.summarises() && summed_up(&none, 10).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_summary_that_does_not_come_off_keeps_nobody_from_an_answer_and_has_the_backends_own_deadline() {
    let slow = sums_up(Ok(text("done")), 12);
    let all = ladder(vec![rung(&slow, Some(15))]);
    let start = Instant::now();
    for _ in 0..4 {
        assert_eq!(summed_up(&all, 10).await, Err(AiError::TimedOut));
    }
    assert_eq!((ask_again(&all, 20).await, slow.asked()), (Ok(text("done")), 5));
    assert_eq!(start.elapsed(), Duration::from_secs(52));
    let slower = ladder(vec![rung(&slow, Some(2))]);
    let start = Instant::now();
    assert_eq!((summed_up(&slower, 10).await, start.elapsed()), (Err(AiError::TimedOut), Duration::from_secs(2)));
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_is_left_alone_sums_nothing_up_and_its_trial_is_an_answer() {
    let busy = sums_up(Err(BUSY), 0);
    let all = ladder(vec![rung(&busy, None)]);
    for _ in 0..3 {
        assert_eq!(ask_again(&all, 10).await, Err(BUSY));
    }
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!((summed_up(&all, 10).await, busy.asked()), (Err(AiError::LeftAlone), 3));
    assert_eq!((ask_again(&all, 10).await, busy.asked()), (Err(BUSY), 4));
}
