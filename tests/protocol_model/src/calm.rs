//! Whether everything comes to rest once nothing goes wrong any more: from every state, some way of steps that are no
//! faults must lead to one where no run is at work and the queue is empty. Chance that is fair finds it.

/// The graph of the steps that are no faults, node by node in the order of their exploration.
#[derive(Default)]
pub(crate) struct Calm {
    /// Where each node's edges end.
    ends: Vec<u32>,
    targets: Vec<u32>,
    rests: Vec<bool>,
}

impl Calm {
    /// One more edge of the node that is being explored.
    pub(crate) fn leads_to(&mut self, target: u32) {
        self.targets.push(target);
    }

    /// The node is explored; `rests` if nothing is left to be done there.
    pub(crate) fn node(&mut self, rests: bool) {
        self.ends.push(u32::try_from(self.targets.len()).unwrap_or(u32::MAX));
        self.rests.push(rests);
    }

    /// The first node from which rest cannot be reached. What was not explored is given the benefit of the doubt.
    pub(crate) fn restless(self) -> Option<u32> {
        let Self { ends, targets, mut rests } = self;
        let most = targets.iter().map(|target| *target as usize + 1).max().unwrap_or_default().max(rests.len());
        let explored = rests.len();
        rests.resize(most, true);
        let (starts, sources) = reversed(&ends, &targets, most);
        let mut open: Vec<_> = (0..most).filter(|node| rests[*node]).collect();
        while let Some(node) = open.pop() {
            for source in &sources[starts[node] as usize..starts[node + 1] as usize] {
                let rests = &mut rests[*source as usize];
                if !std::mem::replace(rests, true) {
                    open.push(*source as usize);
                }
            }
        }
        rests[..explored].iter().position(|rests| !rests).and_then(|node| u32::try_from(node).ok())
    }
}

/// The same edges by their targets: where those of each node begin, and their sources.
fn reversed(ends: &[u32], targets: &[u32], nodes: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; nodes + 1];
    for target in targets {
        starts[*target as usize + 1] += 1;
    }
    for node in 0..nodes {
        starts[node + 1] += starts[node];
    }
    let mut next = starts.clone();
    let mut sources = vec![0_u32; targets.len()];
    let mut begin = 0;
    for (source, end) in (0_u32..).zip(ends) {
        for target in &targets[begin..*end as usize] {
            let place = &mut next[*target as usize];
            sources[*place as usize] = source;
            *place += 1;
        }
        begin = *end as usize;
    }
    (starts, sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(nodes: &[(&[u32], bool)]) -> Calm {
        let mut calm = Calm::default();
        for (targets, rests) in nodes {
            targets.iter().for_each(|target| calm.leads_to(*target));
            calm.node(*rests);
        }
        calm
    }

    #[test]
    fn a_circle_with_a_way_out_comes_to_rest_and_one_without_does_not() {
        assert_eq!(of(&[(&[1], false), (&[0, 2], false), (&[], true)]).restless(), None);
        assert_eq!(of(&[(&[1, 2], false), (&[1], false), (&[], true)]).restless(), Some(1));
    }

    #[test]
    fn a_dead_end_is_no_rest_and_what_was_not_explored_may_be_one() {
        assert_eq!(of(&[(&[1], false), (&[], false)]).restless(), Some(0));
        assert_eq!(of(&[(&[1], false)]).restless(), None);
    }
}
