use super::{
    figures::{Figures, compare},
    published::*,
    *,
};
use base::Date;

#[test]
fn look() {
    let plan = Plan::new(1, 60_000, Date::new(2026, 11, 27).unwrap());
    let nation = Nation::new(plan);
    let mut figures = Figures::new();
    let start = std::time::Instant::now();
    let mut sent = 0;
    let mut bytes = 0;
    for number in 0..plan.blocks() {
        let block = nation.block(number, plan.base);
        block.count(&nation.institutions, &mut figures);
        sent += block.sent.len();
        bytes += block.sent.iter().map(|s| formats::feed::line(&s.record).len()).sum::<usize>();
        if number == 0 {
            for s in block.sent.iter().step_by(211).take(30) {
                println!("{} {}", s.day.stamp8(), formats::feed::line(&s.record));
            }
            println!("events {}", block.events.len());
        }
    }
    println!("{:?} sent {sent} bytes {bytes}", start.elapsed());
    for c in compare(&figures, &Published::of_japan()) {
        println!("{:20} {:40} {:>8} {:>8?} {}", c.what, c.en, c.invented, c.published, c.unit);
    }
    println!("{:?} {:?}", figures.mistakes, figures.events);
}
