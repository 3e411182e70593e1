//! The groups in the text of a tab's socket options, `join=239.1.2.3@eth0,ff02::1@eth0`: what is mistaken in the rest
//! doesn't keep them from being changed.

use crate::model::MulticastGroup;

const JOIN: &str = "join=";

/// The groups that the query joins; what can't be one is left out.
#[must_use]
pub fn groups(query: &str) -> Vec<MulticastGroup> {
    texts(query)
        .filter_map(|pair| pair.strip_prefix(JOIN))
        .flat_map(|list| list.split(','))
        .filter_map(|group| group.parse().ok())
        .collect()
}

/// The query with this group.
#[must_use]
pub fn with(query: &str, group: &MulticastGroup) -> String {
    let mut all = groups(query);
    if !all.contains(group) {
        all.push(group.clone());
    }
    written(query, &all)
}

/// The query without this group.
#[must_use]
pub fn without(query: &str, group: &MulticastGroup) -> String {
    let mut all = groups(query);
    all.retain(|other| other != group);
    written(query, &all)
}

/// The query with these groups and no others, the rest as it is written.
fn written(query: &str, groups: &[MulticastGroup]) -> String {
    let mut pairs: Vec<String> = texts(query).filter(|pair| !pair.starts_with(JOIN)).map(str::to_owned).collect();
    if !groups.is_empty() {
        let groups: Vec<_> = groups.iter().map(ToString::to_string).collect();
        pairs.push(format!("{JOIN}{}", groups.join(",")));
    }
    pairs.join("&")
}

fn texts(query: &str) -> impl Iterator<Item = &str> {
    query.trim().trim_start_matches('?').split('&').filter(|pair| !pair.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_come_and_go_and_the_rest_stays() {
        let [a, b] = ["239.1.2.3@eth0", "ff02::1@lo"].map(|text| text.parse::<MulticastGroup>().unwrap());
        let query = with("?mttl=4&ttl=nonsense", &a);
        assert_eq!(query, "mttl=4&ttl=nonsense&join=239.1.2.3@eth0");
        assert_eq!(with(&query, &a), query);
        let both = with(&query, &b);
        assert_eq!(groups(&both), [a.clone(), b.clone()]);
        assert_eq!(without(&both, &a), "mttl=4&ttl=nonsense&join=ff02::1@lo");
        assert_eq!(without("join=ff02::1@lo&mttl=4&join=ff02::1%lo", &b), "mttl=4");
        assert_eq!(groups("join=10.0.0.1,239.1.2.3@eth0&join"), [a]);
    }
}
