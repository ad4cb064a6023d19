//! scratch
use protocol_model::*;
use Fault::*;
fn main() {
    let s = Setting::new("one", &[true], FLAG, &[(Death,1),(AnswerLost,1),(Failure,1),(Duplicate,1),(Unknown,1)]);
    let r = s.search(3_000_000, |_,_| {});
    println!("{} {} {:?} {}", r.states, r.depth, r.time, r.complete);
    if let Some(v) = r.violation { println!("{:?}", v.broken); for l in v.trace { println!("  {l}"); } }
    let s = Setting::new("two", &[true,true], RESEND_ONCE, &[(Death,1),(AnswerLost,1),(Duplicate,1),(Unknown,1)]);
    let r = s.search(3_000_000, |_,_| {});
    println!("{} {} {:?} {}", r.states, r.depth, r.time, r.complete);
    if let Some(v) = r.violation { println!("{:?}", v.broken); for l in v.trace { println!("  {l}"); } }
}
