//! The chance of a family's results at one locus, with the person's own and without: peeling, exact.
//!
//! Everybody hangs on the person's two parents. A parent is a list of genotypes, each with its weight: one where the
//! parent is typed, all where not, or [`Pool::nobody`] where nothing tells of it but the person (the mean over all
//! genotypes hands down a drawn allele). Weights take in what hangs on the parent: half siblings, and on the other side
//! the parent's own parents, siblings and their children. The person's children weigh the person's genotypes.
//!
//! A child's two alleles come from one parent each, and it is not known which from whom. For each way to say so, for all
//! of a couple's children, the sum over both parents is the product of one sum each: nothing is summed over pairs of
//! genotypes ([`each_way`]). Two parents are not two strangers: each allele of the person comes from one of them.

use super::pool::{Pool, Rows, Seen, Way};

/// A side of the family: the mother's or the father's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Mother,
    Father,
}

/// What a relative is to the person, the side told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The parent.
    Parent(Side),
    /// A child of that parent and somebody else.
    HalfSibling(Side),
    /// That parent's parent.
    Grandparent(Side),
    /// That parent's full sibling.
    AuntUncle(Side),
    /// The child of a sibling of that parent's, who is not typed.
    Cousin(Side),
    /// A child of both parents.
    FullSibling,
    /// The person's child.
    Child,
}

/// A family's results at one locus.
pub(super) struct Household<'a> {
    pub(super) pool: &'a Pool,
    pub(super) members: &'a [(Role, Seen)],
    /// Whether half siblings of one side have their other parent in common.
    pub(super) halves_share: bool,
    /// Whether the person's children have their other parent in common.
    pub(super) children_share: bool,
}

/// The chances of a family's results at a locus.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Chances {
    /// Of the family's results.
    pub(super) family: f64,
    /// Of these and the person's.
    pub(super) together: f64,
}

/// The genotypes that somebody may have, by the rows of their alleles, each with its weight.
struct Genotypes {
    rows: Vec<Rows>,
    weights: Vec<f64>,
}

impl Household<'_> {
    /// The chances of the family's results, and with the person's result.
    pub(super) fn chances(&self, person: Seen) -> Chances {
        let mut children: Vec<Vec<Way>> = self.of(Role::FullSibling).map(|sibling| self.ways(sibling)).collect();
        let parents = [Side::Mother, Side::Father].map(|side| self.parent(side, children.is_empty()));
        let [family, together] = self.person(person).map(|person| {
            children.push(person);
            let mut chance = 0.0;
            let mut add = |weights: &[Vec<f64>; 2]| chance += sum(&weights[0]) * sum(&weights[1]);
            each_way(self.pool, [&parents[0], &parents[1]], &children, &mut add);
            children.pop();
            chance
        });
        Chances { family, together }
    }

    /// How the person came by whatever genotype, and by one that shows the result; weighed by the person's children.
    fn person(&self, result: Seen) -> [Vec<Way>; 2] {
        if self.of(Role::Child).next().is_none() {
            return [vec![Way { of: [None; 2], weight: 1.0 }], self.ways(result)];
        }
        let genotypes = self.genotypes(None, |_, _| 1.0);
        let genotypes = self.with_children(genotypes, Role::Child, self.children_share);
        let ways = |fits: &dyn Fn(usize, usize) -> f64| {
            let weighed = genotypes.rows.iter().zip(&genotypes.weights).filter(|([a, b], _)| fits(*a, *b) > 0.0);
            let both = weighed.flat_map(|(&[a, b], weight)| {
                let weight = weight * fits(a, b);
                let other = (a != b).then_some(Way { of: [Some(b), Some(a)], weight });
                [Some(Way { of: [Some(a), Some(b)], weight }), other].into_iter().flatten()
            });
            both.collect()
        };
        [ways(&|_, _| 1.0), ways(&|a, b| self.pool.fits(result, a, b))]
    }

    fn of(&self, role: Role) -> impl Iterator<Item = Seen> {
        self.members.iter().filter(move |(of, _)| *of == role).map(|(_, seen)| *seen)
    }

    /// What one parent may be. `alone`: the person is the only child of the couple that is known.
    fn parent(&self, side: Side, alone: bool) -> Genotypes {
        let told = |roles: &[Role]| self.members.iter().any(|(role, _)| roles.contains(role));
        let has_elders = told(&[Role::Grandparent(side), Role::AuntUncle(side), Role::Cousin(side)]);
        if alone && !has_elders && !told(&[Role::Parent(side), Role::HalfSibling(side)]) {
            return self.nobody();
        }
        let elders = has_elders.then(|| self.elders(side));
        let places = self.pool.places();
        let genotypes = self.genotypes(self.of(Role::Parent(side)).next(), |a, b| {
            let seen: f64 = self.of(Role::Parent(side)).map(|seen| self.pool.fits(seen, a, b)).product();
            match &elders {
                _ if seen == 0.0 => 0.0,
                None => seen * self.pool.drawn(a, b),
                Some(handed) if a == b => seen * handed[a * places + a],
                Some(handed) => seen * (handed[a * places + b] + handed[b * places + a]),
            }
        });
        self.with_children(genotypes, Role::HalfSibling(side), self.halves_share)
    }

    /// What the grandparents of a side hand to the parent, an allele of the one row by row with one of the other, with
    /// what is known of them and of their other children.
    fn elders(&self, side: Side) -> Vec<f64> {
        let aunts = self.of(Role::AuntUncle(side)).map(|aunt| self.ways(aunt));
        let cousins = self.of(Role::Cousin(side)).map(|cousin| self.ways_through(cousin));
        let others: Vec<Vec<Way>> = aunts.chain(cousins).collect();
        let mut known = self.of(Role::Grandparent(side));
        let couple = [known.next(), known.next()].map(|seen| match seen {
            None if others.is_empty() => self.nobody(),
            None => self.founder(),
            Some(seen) => self.genotypes(Some(seen), |a, b| self.pool.fits(seen, a, b) * self.pool.drawn(a, b)),
        });
        let places = self.pool.places();
        let mut handed = vec![0.0; places * places];
        each_way(self.pool, [&couple[0], &couple[1]], &others, &mut |weights| {
            let [one, other] = [0, 1].map(|at| couple[at].next(self.pool, &weights[at]));
            for (row, of_one) in handed.chunks_exact_mut(places).zip(one) {
                row.iter_mut().zip(&other).for_each(|(sum, of_other)| *sum += of_one * of_other);
            }
        });
        handed
    }

    /// Weighs somebody's genotypes by what their children by strangers show: by one, or each by another.
    fn with_children(&self, mut parent: Genotypes, role: Role, by_one: bool) -> Genotypes {
        let children: Vec<Vec<Way>> = self.of(role).map(|child| self.ways(child)).collect();
        let (broods, other) = match children.len() {
            0 => return parent,
            many if by_one && many > 1 => (children.chunks(many), self.founder()),
            _ => (children.chunks(1), self.nobody()),
        };
        for brood in broods {
            let mut weights = vec![0.0; parent.weights.len()];
            each_way(self.pool, [&parent, &other], brood, &mut |handed| {
                let others = sum(&handed[1]);
                weights.iter_mut().zip(&handed[0]).for_each(|(sum, weight)| *sum += weight * others);
            });
            parent.weights = weights;
        }
        parent
    }

    /// How a child came by a result.
    fn ways(&self, child: Seen) -> Vec<Way> {
        self.pool.ways(child).into_iter().filter(|way| way.weight != 0.0).collect()
    }

    /// How somebody came by alleles of which a child of a stranger shows a result: each of the two is as likely the one
    /// handed on.
    fn ways_through(&self, child: Seen) -> Vec<Way> {
        let by = |allele: usize| 0.5 * self.pool.child([allele; 2], self.pool.nobody(), child);
        let ways = (0..self.pool.places()).map(|allele| (Some(allele), by(allele)));
        let both = ways.flat_map(|(allele, weight)| [[allele, None], [None, allele]].map(|of| Way { of, weight }));
        both.collect()
    }

    /// Somebody of whom nothing else is known.
    fn nobody(&self) -> Genotypes {
        Genotypes { rows: vec![self.pool.nobody()], weights: vec![1.0] }
    }

    /// Somebody drawn from the population.
    fn founder(&self) -> Genotypes {
        self.genotypes(None, |a, b| self.pool.drawn(a, b))
    }

    /// Every genotype that may show a result, with its weight; those of no weight are left out.
    fn genotypes(&self, shown: Option<Seen>, weight: impl Fn(usize, usize) -> f64) -> Genotypes {
        let mut genotypes = Genotypes { rows: Vec::new(), weights: Vec::new() };
        let mut add = |a: usize, b: usize| {
            let weight = weight(a, b);
            if weight > 0.0 {
                genotypes.rows.push([a, b]);
                genotypes.weights.push(weight);
            }
        };
        match shown {
            Some(Seen::Two(a, b)) => add(a.max(b), a.min(b)),
            _ => (0..self.pool.places()).for_each(|a| (0..=a).for_each(|b| add(a, b))),
        }
        genotypes
    }
}

impl Genotypes {
    /// What each genotype weighs once it has handed down an allele, or any.
    fn handing(&self, pool: &Pool, weights: &[f64], allele: Option<usize>) -> Vec<f64> {
        match allele {
            None => weights.to_vec(),
            Some(allele) => self.rows.iter().zip(weights).map(|(rows, by)| by * pool.hands(*rows, allele)).collect(),
        }
    }

    /// The chance of each allele as the next one handed down, over the genotypes as they are weighed.
    fn next(&self, pool: &Pool, weights: &[f64]) -> Vec<f64> {
        let hands = |allele| self.rows.iter().zip(weights).map(|(rows, by)| by * pool.hands(*rows, allele)).sum();
        (0..pool.places()).map(hands).collect()
    }
}

/// Goes through every way that a couple's children came by what they show, with what the genotypes of both then weigh.
fn each_way(pool: &Pool, couple: [&Genotypes; 2], children: &[Vec<Way>], visit: &mut dyn FnMut(&[Vec<f64>; 2])) {
    fn go_on(
        (pool, couple): (&Pool, [&Genotypes; 2]),
        weights: &[Vec<f64>; 2],
        children: &[Vec<Way>],
        visit: &mut dyn FnMut(&[Vec<f64>; 2]),
    ) {
        let Some((child, others)) = children.split_first() else { return visit(weights) };
        for way in child {
            let mut handed = [0, 1].map(|at| couple[at].handing(pool, &weights[at], way.of[at]));
            if way.weight != 1.0 {
                handed[0].iter_mut().for_each(|weight| *weight *= way.weight);
            }
            go_on((pool, couple), &handed, others, visit);
        }
    }
    go_on((pool, couple), &couple.map(|one| one.weights.clone()), children, visit);
}

fn sum(weights: &[f64]) -> f64 {
    weights.iter().sum()
}
