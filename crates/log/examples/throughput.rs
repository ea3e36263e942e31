//! How fast entries pass through the log, beside the bare queue it stands on.
//!
//! `cargo run --release -p sutra-log --example throughput -- [producers] [entries]`
//!
//! Each producer writes boxed entries of 100 bytes as fast as it can; one consumer gathers, collects and returns permits.

use std::time::{Duration, Instant};
use sutra_log::{Cost, Limits, Wait, Woken, WriteLog};
use sutra_sync::{Arc, Queue, thread};

const BYTES: u64 = 100;
const COST: Cost = Cost { entries: 1, bytes: BYTES };

type Entry = Box<[u8; BYTES as usize]>;

fn entry() -> Entry {
    Box::new([7; BYTES as usize])
}

fn through_the_log(producers: usize, each: usize) -> (Duration, Duration) {
    let (log, mut drain) = WriteLog::<Entry>::new(Limits::default(), 1);
    let start = Instant::now();
    let writers: Vec<_> = (0..producers)
        .map(|_| {
            let log = Arc::clone(&log);
            thread::spawn(move || {
                for _ in 0..each {
                    let permit =
                        log.acquire(COST, Wait::For(Duration::from_secs(60))).expect("the consumer makes room");
                    permit.accept(entry());
                }
            })
        })
        .collect();
    let mut group = Vec::new();
    let mut drained = 0;
    while drained < producers * each {
        if drain.wait(None) == Woken::Arrived {
            drain.gather(Instant::now() + Duration::from_millis(10));
        }
        drained += drain.collect(&mut group);
        if let Some(last) = group.last() {
            drain.mark_visible(last.sequence);
        }
        drain.return_permits(group.iter().map(|slot| slot.cost).sum());
        group.clear();
    }
    let took = start.elapsed();
    for writer in writers {
        writer.join().expect("no producer panics");
    }
    log.close();

    // The same on one thread, batch by batch: the instructions alone.
    let (log, mut drain) = WriteLog::<Entry>::new(Limits::default(), 1);
    let start = Instant::now();
    let mut drained = 0;
    while drained < producers * each {
        for _ in 0..1_000 {
            let permit = log.acquire(COST, Wait::Never).expect("there is room");
            permit.accept(entry());
        }
        drained += drain.collect(&mut group);
        drain.return_permits(group.iter().map(|slot| slot.cost).sum());
        group.clear();
    }
    let alone = start.elapsed();
    log.close();
    (took, alone)
}

fn through_the_queue(producers: usize, each: usize) -> Duration {
    let queue = Arc::new(Queue::<Entry>::new(100_000));
    let start = Instant::now();
    let writers: Vec<_> = (0..producers)
        .map(|_| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                for _ in 0..each {
                    let mut value = entry();
                    while let Err(back) = queue.push(value) {
                        value = back;
                        thread::yield_now();
                    }
                }
            })
        })
        .collect();
    let mut drained = 0;
    while drained < producers * each {
        match queue.pop() {
            Some(_) => drained += 1,
            None => thread::yield_now(),
        }
    }
    let took = start.elapsed();
    for writer in writers {
        writer.join().expect("no producer panics");
    }
    took
}

fn report(what: &str, entries: usize, took: Duration) {
    let seconds = took.as_secs_f64();
    println!(
        "{what:<36} {:>7.2} M/s {:>7.0} ns an entry",
        entries as f64 / seconds / 1e6,
        seconds * 1e9 / entries as f64
    );
}

fn main() {
    let mut numbers =
        std::env::args().skip(1).map(|word| word.parse::<usize>().expect("usage: throughput [producers] [entries]"));
    let producers = numbers.next().unwrap_or(1).max(1);
    let entries = numbers.next().unwrap_or(5_000_000);
    let each = (entries / producers).max(1);
    let (took, alone) = through_the_log(producers, each);
    let total = producers * each;
    println!("{producers} producer(s), {total} entries of {BYTES} bytes");
    report("write log", total, took);
    report("write log, one thread", total, alone);
    report("bare queue", total, through_the_queue(producers, each));
}
