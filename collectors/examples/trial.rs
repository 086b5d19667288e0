use collectors::{config, fetch::Fetcher, once::collect_once, poll::{Collector, Patience}};
use contract::{catalogue, time::{Clock, Micros}, wire};
use std::{path::Path, sync::Arc};
struct C;
impl Clock for C { fn now(&self) -> Micros { Micros(1_700_000_000_000_000) } }
#[tokio::main]
async fn main() {
    let dir = std::env::args().nth(1).unwrap();
    let f = format!("{dir}/plan.toml");
    let cat = catalogue::parse(&f, &std::fs::read_to_string(&f).unwrap()).unwrap();
    let sources = match config::load(Path::new(&dir), &[(f, cat)]) { Ok(s) => s, Err(m) => { for m in m { println!("{m}"); } return; } };
    let clock: Arc<dyn Clock> = Arc::new(C);
    let c = Arc::new(Collector { name: "t".into(), fetcher: Fetcher::new(Arc::clone(&clock)).unwrap(), clock, patience: Patience::default() });
    let t = std::time::Instant::now();
    for s in collect_once(&c, &sources, None).await {
        println!("== {} {:?}", s.source, s.result.as_ref().map(|r| &r.1));
        for r in s.result.unwrap().0 { println!("{}", String::from_utf8(wire::encode(&r)).unwrap()); }
    }
    eprintln!("{:?}", t.elapsed());
}
