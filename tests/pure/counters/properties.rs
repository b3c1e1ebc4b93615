//! Properties of counters over random drives.

use crate::counters::*;

/// xorshift64*: a seed is the whole story.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % n
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

/// A plausible drive: rising with pauses, never above 200 km/h.
fn drive(random: &mut Random, length: usize) -> Vec<Sample> {
    let (mut at, mut value) = (0, 1_000_000 + random.below(100_000_000) as i64);
    (0..length)
        .map(|_| {
            let sample = Sample {
                value,
                at: UtcMs(at),
                arrived: UtcMs(at),
                own_time: true,
                retained: false,
            };
            let step = 1_000 + random.below(30 * 60_000) as i64;
            at += step;
            value += if random.below(3) == 0 {
                0
            } else {
                random.below((step * 200_000 / HOUR) as u64 + 1) as i64
            };
            sample
        })
        .collect()
}

/// With the first reading first (it is the baseline), any order and any repetition of the others gives last minus first.
#[test]
fn order_and_repetition_do_not_change_the_total() {
    for seed in 1..=300 {
        let mut random = Random(seed);
        let samples = drive(&mut random, 40);
        let want = samples[39].value - samples[0].value;
        let mut rest: Vec<Sample> = samples[1..].to_vec();
        for _ in 0..20 {
            rest.push(samples[random.below(40) as usize]);
        }
        random.shuffle(&mut rest);
        rest.insert(0, samples[0]);
        assert_eq!(run(&rest, &odometer()).0, want, "replay with seed {seed}");
    }
}

/// Repeating any earlier delivery at any moment changes nothing, whatever happens to the register: zeros, spikes, a new unit.
#[test]
fn repetition_is_free_even_through_glitches_and_resets() {
    let mut replaced = 0;
    for seed in 1..=300 {
        let mut random = Random(seed);
        let mut samples = drive(&mut random, 60);
        for sample in &mut samples {
            match random.below(12) {
                0 => sample.value = 0,
                1 => sample.value *= 1 + random.below(4) as i64,
                _ => {}
            }
        }
        let move_at = 20 + random.below(20) as usize;
        let base = samples[move_at].value;
        let new_base = random.below(5_000_000) as i64;
        if random.below(2) == 0 {
            samples[move_at..]
                .iter_mut()
                .for_each(|s| s.value = (s.value - base + new_base).max(0));
        }
        let (once, events, _) = run(&samples, &odometer());
        replaced += usize::from(
            events
                .iter()
                .any(|e| ["reset", "rebase", "unit_suspect"].contains(e)),
        );
        let mut repeated = Vec::new();
        for (index, sample) in samples.iter().enumerate() {
            repeated.push(*sample);
            for _ in 0..random.below(3) {
                repeated.push(samples[random.below(index as u64 + 1) as usize]);
            }
        }
        assert_eq!(
            run(&repeated, &odometer()).0,
            once,
            "replay with seed {seed}"
        );
    }
    assert!(
        replaced > 50,
        "the generator must reach the interesting cases: {replaced}"
    );
}

/// Lone zeros and spikes between good readings cost nothing.
#[test]
fn lone_glitches_do_not_change_the_total() {
    for seed in 1..=300 {
        let mut random = Random(seed);
        let good = drive(&mut random, 50);
        let mut with_glitches = Vec::new();
        for pair in good.windows(2) {
            with_glitches.push(pair[0]);
            let at = UtcMs((pair[0].at.0 + pair[1].at.0) / 2);
            match random.below(6) {
                0 => with_glitches.push(Sample {
                    value: 0,
                    at,
                    ..pair[0]
                }),
                1 => with_glitches.push(Sample {
                    value: pair[0].value * 3 + 10_000_000,
                    at,
                    ..pair[0]
                }),
                _ => {}
            }
        }
        with_glitches.push(good[49]);
        assert_eq!(
            run(&with_glitches, &odometer()).0,
            good[49].value - good[0].value,
            "replay with seed {seed}"
        );
    }
}
