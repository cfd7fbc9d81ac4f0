//! Finds circles of references, however long, without recursion.

use std::collections::{HashMap, VecDeque};

/// A circle for every group of nodes that lead to each other: its nodes in order, from
/// the smallest one. `edges[n]` lists the nodes that `n` refers to.
pub(super) fn circles(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let groups = groups(edges);
    let mut members = vec![0; edges.len()];
    for group in &groups {
        members[*group] += 1;
    }
    let first_of_group = |node: &usize| *node == groups[*node];
    let may_turn = |node: &usize| members[*node] > 1 || edges[*node].contains(node);
    let starts = (0..edges.len()).filter(|node| first_of_group(node) && may_turn(node));
    starts.filter_map(|start| way_back(edges, &groups, start)).collect()
}

/// The shortest way from `start` through its group back to itself, without the return.
fn way_back(edges: &[Vec<usize>], groups: &[usize], start: usize) -> Option<Vec<usize>> {
    let mut came_from = HashMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(node) = waiting.pop_front() {
        for next in edges[node].iter().filter(|next| groups[**next] == start) {
            if *next == start {
                let mut way = vec![node];
                while let Some(before) = way.last().and_then(|node| came_from.get(node)) {
                    way.push(*before);
                }
                way.reverse();
                return Some(way);
            }
            came_from.entry(*next).or_insert_with(|| {
                waiting.push_back(*next);
                node
            });
        }
    }
    None
}

/// For each node the smallest node of those that it leads to and that lead to it
/// (the strongly connected component, by Kosaraju's algorithm).
fn groups(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut reversed = vec![Vec::new(); edges.len()];
    for (from, targets) in edges.iter().enumerate() {
        for to in targets {
            reversed[*to].push(from);
        }
    }
    let mut seen = vec![false; edges.len()];
    let mut finished = Vec::new();
    for start in 0..edges.len() {
        visit(edges, start, &mut seen, &mut finished);
    }
    let mut groups = vec![usize::MAX; edges.len()];
    let mut seen = vec![false; edges.len()];
    for start in finished.into_iter().rev() {
        let mut group = Vec::new();
        visit(&reversed, start, &mut seen, &mut group);
        let smallest = group.iter().copied().min().unwrap_or(start);
        for node in group {
            groups[node] = smallest;
        }
    }
    groups
}

/// Goes to all unseen nodes from `start`, depth first, and lists them as they are left.
fn visit(edges: &[Vec<usize>], start: usize, seen: &mut [bool], left: &mut Vec<usize>) {
    if std::mem::replace(&mut seen[start], true) {
        return;
    }
    let mut path = vec![(start, edges[start].iter())];
    while let Some((node, rest)) = path.last_mut() {
        match rest.next() {
            Some(next) if !seen[*next] => {
                seen[*next] = true;
                path.push((*next, edges[*next].iter()));
            }
            Some(_) => {}
            None => {
                left.push(*node);
                path.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(edges: &[&[usize]], expected: &[&[usize]]) {
        let edges: Vec<_> = edges.iter().map(|targets| targets.to_vec()).collect();
        assert_eq!(circles(&edges), expected);
    }

    #[test]
    fn circles_are_found_and_what_leads_into_them_is_not() {
        check(&[&[1], &[2], &[]], &[]);
        check(&[&[0]], &[&[0]]);
        check(&[&[1], &[0]], &[&[0, 1]]);
        check(&[&[2], &[0], &[1]], &[&[0, 2, 1]]);
        check(&[&[2], &[], &[3], &[2]], &[&[2, 3]]);
        check(&[&[1], &[0], &[3], &[2]], &[&[0, 1], &[2, 3]]);
        check(&[&[1, 2], &[1], &[0]], &[&[0, 2], &[1]]);
        check(&[&[1], &[2, 0], &[0]], &[&[0, 1]]);
        check(&[&[1, 2], &[3], &[3], &[]], &[]);
    }

    #[test]
    fn a_very_long_circle_is_found() {
        let edges: Vec<_> = (0..10_000).map(|node| vec![(node + 1) % 10_000]).collect();
        assert_eq!(circles(&edges), [(0..10_000).collect::<Vec<_>>()]);
    }
}
