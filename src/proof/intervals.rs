//! Sets of numbers as intervals: the exact dimensions of a packet, ports and addresses.

use std::sync::Arc;

/// A number that has neighbours.
pub trait Number: Copy + Ord {
    /// The lowest.
    const LOWEST: Self;
    /// The highest.
    const HIGHEST: Self;
    /// The next one; the highest has none.
    fn after(self) -> Option<Self>;
    /// The one before; the lowest has none.
    fn before(self) -> Option<Self>;
}

macro_rules! number {
    ($type:ty) => {
        impl Number for $type {
            const LOWEST: Self = <$type>::MIN;
            const HIGHEST: Self = <$type>::MAX;
            fn after(self) -> Option<Self> {
                self.checked_add(1)
            }
            fn before(self) -> Option<Self> {
                self.checked_sub(1)
            }
        }
    };
}

number!(u16);
number!(u128);

/// A set of numbers: disjoint intervals with a gap between neighbours, in order, both ends included. Cheap to copy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Intervals<T>(Arc<[(T, T)]>);

impl<T: Number> Intervals<T> {
    /// Every number.
    pub fn all() -> Intervals<T> {
        Intervals(Arc::new([(T::LOWEST, T::HIGHEST)]))
    }

    /// No number.
    pub fn none() -> Intervals<T> {
        Intervals(Arc::new([]))
    }

    /// The numbers in any of the intervals; one whose ends are the wrong way round holds none.
    pub fn of(intervals: impl IntoIterator<Item = (T, T)>) -> Intervals<T> {
        let mut sorted: Vec<(T, T)> = intervals.into_iter().filter(|(first, last)| first <= last).collect();
        sorted.sort_unstable();
        let mut merged: Vec<(T, T)> = Vec::with_capacity(sorted.len());
        for (first, last) in sorted {
            match merged.last_mut() {
                // Overlapping or adjacent.
                Some(previous) if previous.1.after().is_none_or(|next| first <= next) => {
                    previous.1 = previous.1.max(last);
                }
                _ => merged.push((first, last)),
            }
        }
        Intervals(merged.into())
    }

    /// The intervals, in order.
    pub fn iter(&self) -> impl Iterator<Item = (T, T)> + '_ {
        self.0.iter().copied()
    }

    /// The lowest number.
    pub fn first(&self) -> Option<T> {
        self.0.first().map(|(first, _)| *first)
    }

    /// Whether it holds no number.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it holds every number.
    pub fn is_all(&self) -> bool {
        matches!(*self.0, [(first, last)] if first == T::LOWEST && last == T::HIGHEST)
    }

    /// Whether it holds the number.
    pub fn contains(&self, number: T) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= number);
        after
            .checked_sub(1)
            .and_then(|at| self.0.get(at))
            .is_some_and(|(_, last)| number <= *last)
    }

    /// The numbers in both.
    pub fn and(&self, other: &Intervals<T>) -> Intervals<T> {
        if self.is_all() {
            return other.clone();
        }
        if other.is_all() {
            return self.clone();
        }
        let mut common = Vec::new();
        let (mut here, mut there) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(one), Some(two)) = (here.peek(), there.peek()) {
            let (first, last) = (one.0.max(two.0), one.1.min(two.1));
            if first <= last {
                common.push((first, last));
            }
            if one.1 < two.1 {
                here.next();
            } else {
                there.next();
            }
        }
        Intervals(common.into())
    }

    /// Whether some number is in both.
    pub fn meets(&self, other: &Intervals<T>) -> bool {
        // Asked for every pair of rule and packet: most lie apart as a whole.
        let apart = |one: &Intervals<T>, two: &Intervals<T>| match (one.0.last(), two.0.first()) {
            (Some(one), Some(two)) => one.1 < two.0,
            _ => true,
        };
        if apart(self, other) || apart(other, self) {
            return false;
        }
        let (mut here, mut there) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(one), Some(two)) = (here.peek(), there.peek()) {
            if one.0.max(two.0) <= one.1.min(two.1) {
                return true;
            }
            if one.1 < two.1 {
                here.next();
            } else {
                there.next();
            }
        }
        false
    }

    /// The numbers of this set that the other does not hold.
    pub fn without(&self, other: &Intervals<T>) -> Intervals<T> {
        if self.is_empty() || other.is_empty() {
            return self.clone();
        }
        self.and(&other.complement())
    }

    /// Every number that is not in it.
    pub fn complement(&self) -> Intervals<T> {
        let mut gaps = Vec::with_capacity(self.0.len() + 1);
        let mut next = Some(T::LOWEST);
        for (first, last) in self.iter() {
            if let (Some(start), Some(end)) = (next, first.before())
                && start <= end
            {
                gaps.push((start, end));
            }
            next = last.after();
        }
        if let Some(start) = next {
            gaps.push((start, T::HIGHEST));
        }
        Intervals(gaps.into())
    }

    /// The numbers in either.
    pub fn or(&self, other: &Intervals<T>) -> Intervals<T> {
        Intervals::of(self.iter().chain(other.iter()))
    }

    /// Whether the other holds every number of this set.
    pub fn is_within(&self, other: &Intervals<T>) -> bool {
        other.is_all() || self.without(other).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_become_one_interval() {
        let ports = Intervals::<u16>::of([(443, 443), (80, 80), (444, 450), (81, 90), (9, 1)]);
        assert_eq!(ports.iter().collect::<Vec<_>>(), [(80, 90), (443, 450)]);
        assert!(ports.contains(90) && !ports.contains(91) && ports.contains(443));
    }

    #[test]
    fn the_ends_of_the_line_are_numbers_too() {
        let ends = Intervals::<u16>::of([(0, 0), (65535, 65535)]);
        assert_eq!(ends.complement().iter().collect::<Vec<_>>(), [(1, 65534)]);
        assert_eq!(ends.complement().complement(), ends);
        assert!(Intervals::<u16>::all().complement().is_empty() && Intervals::<u16>::none().complement().is_all());
        assert!(ends.or(&ends.complement()).is_all());
    }

    #[test]
    fn sets_are_cut_exactly() {
        let web = Intervals::<u16>::of([(80, 90), (443, 443)]);
        let low = Intervals::<u16>::of([(0, 85)]);
        assert_eq!(web.and(&low), Intervals::of([(80, 85)]));
        assert_eq!(web.without(&low), Intervals::of([(86, 90), (443, 443)]));
        assert!(web.meets(&low) && !web.is_within(&low) && web.and(&low).is_within(&low));
    }
}
