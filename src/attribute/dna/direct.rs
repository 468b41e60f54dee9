//! The person's own profile on both sides.
//!
//! ```text
//! LR = sum over G of P(G | ante) P(post | G) / sum over G of P(G | ante) P_theta(post | G)
//! ```
//!
//! G is the person's genotype, one value where the ante-mortem profile lists two alleles. The denominator is the chance of
//! the post-mortem result in another person of the same population, whose ancestors may be shared (Balding and Nichols
//! 1994): with both alleles of G drawn, the next one drawn is `a` with chance (n theta + (1 - theta) p) / (1 + (m - 1)
//! theta), where n of the m drawn so far are `a`. For a homozygote that gives the LR
//! (1 + theta)(1 + 2 theta) / ((2 theta + (1 - theta) p)(3 theta + (1 - theta) p)).

use super::loci::{Locus, Typed};
use crate::model::DnaModel;

/// Frequencies of one locus in one population, and the model's figures.
pub(super) struct Direct<'a> {
    pub(super) locus: &'a Locus,
    pub(super) population: usize,
    pub(super) model: &'a DnaModel,
}

/// A genotype; none stands for any allele that neither result lists.
type Genotype = [Option<u16>; 2];

impl Direct<'_> {
    /// The likelihood ratio of two results of one locus, typing errors aside.
    pub(super) fn ratio(&self, ante: Typed, post: Typed) -> f64 {
        let (mut same, mut other) = (0.0, 0.0);
        let mut add = |genotype: Genotype, weight: f64| {
            same += weight * self.seen(post, genotype);
            other += weight * self.seen_in_another(post, genotype);
        };
        if !ante.is_single() {
            add([Some(ante.first), Some(ante.second)], 1.0);
        } else {
            let share = |allele| self.locus.share(self.population, allele);
            let (own, mut rest) = (share(ante.first), 1.0 - share(ante.first));
            add([Some(ante.first); 2], own * own);
            let mut last = ante.first;
            for allele in post.alleles().filter(|&allele| allele != ante.first) {
                if allele != last {
                    rest -= share(allele);
                    add([Some(ante.first), Some(allele)], 2.0 * own * share(allele) * self.model.drop_out);
                }
                last = allele;
            }
            add([Some(ante.first), None], 2.0 * own * rest.max(0.0) * self.model.drop_out);
        }
        same / other
    }

    /// The chance of a result, given the genotype, up to a factor that depends on how many alleles it lists.
    fn seen(&self, result: Typed, genotype: Genotype) -> f64 {
        if !result.is_single() {
            let listed = [Some(result.first), Some(result.second)];
            return if genotype == listed || genotype == [listed[1], listed[0]] { 1.0 } else { 0.0 };
        }
        match genotype.iter().filter(|allele| **allele == Some(result.first)).count() {
            0 => 0.0,
            1 => self.model.drop_out,
            _ => 1.0,
        }
    }

    /// The same for another person of the population in which somebody has the genotype.
    fn seen_in_another(&self, result: Typed, genotype: Genotype) -> f64 {
        let theta = self.model.theta;
        let drawn = |allele: u16, before: f64| {
            let there = genotype.iter().filter(|one| **one == Some(allele)).count() as f64;
            (there + before) * theta + (1.0 - theta) * self.locus.share(self.population, allele)
        };
        let (first, second) = (1.0 + theta, 1.0 + 2.0 * theta);
        let (a, b) = (result.first, result.second);
        let twice = drawn(a, 0.0) * drawn(a, 1.0) / (first * second);
        if result.is_single() {
            let once = 2.0 * drawn(a, 0.0) / first * (1.0 - drawn(a, 1.0) / second);
            twice + self.model.drop_out * once
        } else if a == b {
            twice
        } else {
            2.0 * drawn(a, 0.0) * drawn(b, 0.0) / (first * second)
        }
    }
}
