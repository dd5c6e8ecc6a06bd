//! Medians, spreads and ratios.

use super::rows::Runtime;

/// One figure for each round.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series(Vec<f64>);

impl Series {
    /// Adds the figure of the next round.
    pub fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// The figure in the middle, or between the two in the middle.
    pub fn median(&self) -> Option<f64> {
        self.quantile(0.5)
    }

    /// The distance between the quartiles, as a part of the median: half of all rounds
    /// are within it.
    pub fn spread(&self) -> Option<f64> {
        let median = self.median()?;
        Some((self.quantile(0.75)? - self.quantile(0.25)?) / median)
    }

    fn quantile(&self, part: f64) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let place = part * (sorted.len().checked_sub(1)?) as f64;
        let below = sorted.get(place.floor() as usize)?;
        let above = sorted.get(place.ceil() as usize)?;
        Some(below + (above - below) * place.fract())
    }

    /// In each round how many times as much as `other`.
    pub fn ratio(&self, other: &Series) -> Series {
        let pairs = self.0.iter().zip(&other.0);
        Series(pairs.map(|(figure, other)| figure / other).collect())
    }
}

/// What a row came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// On wit-async.
    pub own: Series,
    /// On wit-bindgen.
    pub wit_bindgen: Series,
    /// Without a runtime.
    pub floor: Series,
}

impl Measured {
    /// That of a runtime.
    pub fn series(&mut self, runtime: Runtime) -> &mut Series {
        match runtime {
            Runtime::Own => &mut self.own,
            Runtime::WitBindgen => &mut self.wit_bindgen,
            Runtime::Floor => &mut self.floor,
        }
    }

    /// How many times as fast as wit-bindgen: the median of the rounds.
    pub fn speedup(&self) -> Option<f64> {
        self.wit_bindgen.ratio(&self.own).median()
    }

    /// How many times as slow as without a runtime: the median of the rounds.
    pub fn over_floor(&self) -> Option<f64> {
        self.own.ratio(&self.floor).median()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(figures: &[f64]) -> Series {
        Series(figures.to_vec())
    }

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(series(&[]).median(), None);
        assert_eq!(series(&[3.0]).median(), Some(3.0));
        assert_eq!(series(&[9.0, 1.0, 2.0]).median(), Some(2.0));
        assert_eq!(series(&[9.0, 1.0, 2.0, 3.0]).median(), Some(2.5));
    }

    #[test]
    fn a_spread_is_of_the_half_in_the_middle() {
        assert_eq!(series(&[5.0, 5.0, 5.0]).spread(), Some(0.0));
        assert_eq!(
            series(&[1.0, 2.0, 3.0, 4.0, 500.0]).spread(),
            Some(2.0 / 3.0)
        );
        assert_eq!(series(&[]).spread(), None);
    }

    #[test]
    fn ratios_are_of_each_round() {
        // The machine was twice as slow in the second round, for all of them.
        let measured = Measured {
            own: series(&[1.0, 2.0, 1.0]),
            wit_bindgen: series(&[3.0, 6.0, 5.0]),
            floor: series(&[0.5, 1.0, 0.5]),
        };
        assert_eq!(measured.speedup(), Some(3.0));
        assert_eq!(measured.over_floor(), Some(2.0));
    }

    #[test]
    fn without_a_floor_there_is_no_ratio_to_it() {
        let measured = Measured {
            own: series(&[1.0]),
            wit_bindgen: series(&[2.0]),
            floor: series(&[]),
        };
        assert_eq!(measured.speedup(), Some(2.0));
        assert_eq!(measured.over_floor(), None);
    }
}
