//! Which register of a subject books, and what: never two of them, and never a difference between them.
//!
//! Several feeds may know one vehicle, and one feed several registers of one thing. The best that is not silent books: by the kind of
//! register first, then by the order of `feed_ids`. The others hold what they gained since the booking one last sent a value; when that
//! one falls silent, the next best takes over with what it held, so that nothing is lost and nothing is booked twice.

use super::asset::AssetRegister;
use super::measure::Measure;
use super::{Assets, ReadingEffect, ReadingRules};
use crate::ledger::audit::{Occurrence, OccurrenceKind};
use crate::ledger::counters::{Applied, Counter, CounterLimits, Sample};
use crate::model::{Quantity, Reading, ReadingEntry, Value};
use crate::units::{Thousandths, UtcMs};

/// A register: the asset's position, and its place there.
type RegisterPosition = (usize, usize);

impl Assets {
    /// Applies an entry to its counter, made if new. `None` if the quantity does not count.
    pub(super) fn count(
        &mut self,
        position: usize,
        reading: &Reading<'_>,
        entry: &ReadingEntry<'_>,
        at: UtcMs,
        rules: &ReadingRules<'_>,
    ) -> Option<(usize, Applied)> {
        let Value::Number(Thousandths(value)) = entry.value else {
            return None;
        };
        let mut limits = CounterLimits::for_quantity(entry.quantity, reading.format, &rules.rates)?;
        if let Some(better) = rules
            .overrides
            .iter()
            .find(|better| better.concerns(&reading.asset, entry.quantity))
        {
            limits = limits.overridden(better);
        }
        let counters = &mut self.list[position].counters;
        let known = counters
            .iter()
            .position(|register| register.quantity == entry.quantity);
        let slot = known.unwrap_or_else(|| {
            // One at a time: an asset has two or three registers, and there may be a million assets.
            counters.reserve_exact(1);
            counters.push(AssetRegister {
                quantity: entry.quantity,
                books: false,
                held: 0,
                counter: Counter::default(),
            });
            counters.len() - 1
        });
        let sample = Sample {
            value,
            at,
            arrived: reading.received_at,
            own_time: reading.at.is_some(),
            retained: reading.retained,
        };
        Some((slot, counters[slot].counter.apply(sample, &limits)))
    }

    /// Books what a register gained, or lets it hold that.
    pub(super) fn book(
        &mut self,
        position: usize,
        slot: usize,
        applied: &Applied,
        rules: &ReadingRules<'_>,
        in_today: &impl Fn(UtcMs) -> bool,
        effect: &mut ReadingEffect,
    ) {
        let asset = &self.list[position];
        let register = &asset.counters[slot];
        let (quantity, kind) = (register.quantity, asset.kind);
        let measure = Measure::of(quantity, kind).map(|(measure, _)| measure);
        let (amount, from) = match measure.filter(|_| rules.books && applied.is_live) {
            Some(measure) => {
                self.elect_and_claim((position, slot), measure, applied, rules, effect)
            }
            None => (applied.gained, applied.from),
        };
        let books = rules.books && measure.is_some() && self.register((position, slot)).books;
        if let Some((event, jump)) = applied.event.zip(applied.jump) {
            let kind = OccurrenceKind::Register(event);
            effect.occurrences.push(
                self.occurrence(position, slot, kind, applied.to)
                    .jump(&jump, books),
            );
        }
        let Some(measure) = measure.filter(|_| books) else {
            return;
        };
        let asset = &mut self.list[position];
        if applied.is_live && in_today(applied.to) {
            asset.record_metered(measure.metered());
        }
        if amount == 0 {
            return;
        }
        let gain = measure.activity(amount);
        if in_today(from) && in_today(applied.to) {
            asset.book_today(&gain);
        } else {
            effect.gains.push((from, applied.to, gain));
        }
    }

    /// Decides which register of the measure books from now on. Returns what this one may book, and since when: its gain, what it held
    /// before if it takes over, or 0 if another one books.
    fn elect_and_claim(
        &mut self,
        own: RegisterPosition,
        measure: Measure,
        applied: &Applied,
        rules: &ReadingRules<'_>,
        effect: &mut ReadingEffect,
    ) -> (i64, UtcMs) {
        let (position, slot) = own;
        let gained = (applied.gained, applied.from);
        let before = self.booking(position, measure);
        if before == Some(own) && !self.has_rivals(position, measure) {
            return gained;
        }
        let other = before.filter(|register| *register != own);
        let since = other
            .and_then(|register| self.register(register).counter.last())
            .map(|(_, since)| since);
        let part = since.map_or(applied.gained, |since| after(since, applied));
        if self.elect(position, measure, applied.to, rules.silent_ms) != Some(own) {
            let register = self.register_mut(own);
            register.held = register.held.saturating_add(part);
            register.books = false;
            return (0, applied.from);
        }
        let mut claim = gained;
        if let Some(other) = other {
            claim = (
                self.register(own).held.saturating_add(part),
                since.map_or(applied.from, |since| since.min(applied.to)),
            );
            effect
                .occurrences
                .push(self.changed(other, position, slot, applied.to));
            self.register_mut(other).books = false;
        }
        self.register_mut(own).books = true;
        self.forget_held(position, measure);
        claim
    }

    fn register(&self, (position, slot): RegisterPosition) -> &AssetRegister {
        &self.list[position].counters[slot]
    }

    fn register_mut(&mut self, (position, slot): RegisterPosition) -> &mut AssetRegister {
        &mut self.list[position].counters[slot]
    }

    /// Every register that measures this of the subject, with its rank.
    fn registers(
        &self,
        position: usize,
        measure: Measure,
    ) -> impl Iterator<Item = (RegisterPosition, u8)> + '_ {
        let alone = [position as u32];
        let group = self.list[position]
            .group
            .map(|group| self.groups[group as usize].as_slice());
        let count = group.map_or(1, <[u32]>::len);
        (0..count)
            .map(move |n| group.map_or(alone[0], |group| group[n]) as usize)
            .flat_map(move |position| {
                let asset = &self.list[position];
                asset
                    .counters
                    .iter()
                    .enumerate()
                    .filter_map(move |(slot, register)| {
                        let (counted, rank) = Measure::of(register.quantity, asset.kind)?;
                        (counted == measure).then_some(((position, slot), rank))
                    })
            })
    }

    fn has_rivals(&self, position: usize, measure: Measure) -> bool {
        self.registers(position, measure).nth(1).is_some()
    }

    /// The register that books at present.
    fn booking(&self, position: usize, measure: Measure) -> Option<RegisterPosition> {
        self.registers(position, measure)
            .map(|(register, _)| register)
            .find(|register| self.register(*register).books)
    }

    /// The register that should.
    fn elect(
        &self,
        position: usize,
        measure: Measure,
        now: UtcMs,
        silent_ms: i64,
    ) -> Option<RegisterPosition> {
        let known = self
            .registers(position, measure)
            .filter_map(|(register, rank)| {
                let (_, last) = self.register(register).counter.last()?;
                Some((
                    now.since(last) > silent_ms,
                    rank,
                    self.list[register.0].priority,
                    register,
                ))
            });
        known.min().map(|(.., register)| register)
    }

    fn forget_held(&mut self, position: usize, measure: Measure) {
        let registers: Vec<RegisterPosition> = self
            .registers(position, measure)
            .map(|(register, _)| register)
            .collect();
        registers
            .into_iter()
            .for_each(|register| self.register_mut(register).held = 0);
    }

    fn occurrence(
        &self,
        position: usize,
        slot: usize,
        kind: OccurrenceKind,
        at: UtcMs,
    ) -> Occurrence {
        let asset = &self.list[position];
        let quantity = asset.counters[slot].quantity;
        Occurrence::new(at, asset.id.clone(), asset.format.number, quantity, kind)
    }

    /// The audit log's entry that another register books from now on.
    fn changed(
        &self,
        before: RegisterPosition,
        position: usize,
        slot: usize,
        at: UtcMs,
    ) -> Occurrence {
        let old = self.register(before);
        let value =
            |register: &AssetRegister| register.counter.last().map_or(0, |(value, _)| value);
        let occurrence = self.occurrence(position, slot, OccurrenceKind::SourceChanged, at);
        let from: (std::sync::Arc<str>, Quantity) = (self.list[before.0].id.clone(), old.quantity);
        occurrence.source(from, value(old), value(self.register((position, slot))))
    }
}

/// The part of a gain that fell after an instant, in proportion to the time.
fn after(since: UtcMs, applied: &Applied) -> i64 {
    let whole = i128::from(applied.to.since(applied.from));
    if since <= applied.from || whole <= 0 {
        return if since <= applied.to {
            applied.gained
        } else {
            0
        };
    }
    let part = i128::from(applied.to.since(since)).max(0);
    // A part of an i64, and not more than the whole.
    (i128::from(applied.gained) * part / whole) as i64
}
