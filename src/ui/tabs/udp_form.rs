use super::endpoint_form::EndpointForm;
use super::groups_query;
use crate::model::{EndpointError, Event, GroupError, HostPort, MulticastGroup, Protocol, SocketId};

/// What only UDP has: groups, and addresses to send to.
#[derive(Debug, Default)]
pub struct UdpForm {
    /// The group to be joined, as typed.
    pub group: String,
    /// That the socket hears now.
    joined: Vec<MulticastGroup>,
    /// Addresses to send to, as typed.
    pub addresses: String,
}

impl UdpForm {
    /// The group that is typed; `None` while there is nothing.
    #[must_use]
    pub fn typed_group(&self) -> Option<Result<MulticastGroup, GroupError>> {
        let text = self.group.trim();
        (!text.is_empty()).then(|| text.parse())
    }

    /// Writes another interface into the group that is typed.
    pub fn choose_interface(&mut self, name: &str) {
        let text = self.group.trim();
        let (place, source) = text.split_once('/').map_or((text, None), |(place, source)| (place, Some(source)));
        let group = place.split(['@', '%']).next().unwrap_or_default();
        self.group = match source {
            Some(source) => format!("{group}@{name}/{source}"),
            None => format!("{group}@{name}"),
        };
    }

    /// The groups to list: those that are heard, or while the socket is closed, those that it will join.
    #[must_use]
    pub fn groups(&self, form: &EndpointForm, open: bool) -> Vec<MulticastGroup> {
        if open { self.joined.clone() } else { groups_query::groups(&form.options) }
    }

    /// The addresses that are typed; `None` while there are none, or the transport has none.
    #[must_use]
    pub fn addresses(&self, form: &EndpointForm) -> Option<Result<Vec<HostPort>, EndpointError>> {
        if form.protocol != Protocol::Udp || self.addresses.trim().is_empty() {
            return None;
        }
        Some(form.target().and_then(|target| target.endpoint.addresses(&self.addresses)))
    }

    /// Takes in what the engine reports; the form's query follows what was joined and left.
    pub fn on_event(&mut self, socket: SocketId, form: &mut EndpointForm, event: &Event) {
        match event {
            Event::Joined { socket: of, group } if *of == socket => {
                self.joined.push(group.clone());
                form.options = groups_query::with(&form.options, group);
            }
            Event::Left { socket: of, group } if *of == socket => {
                self.joined.retain(|joined| joined != group);
                form.options = groups_query::without(&form.options, group);
            }
            Event::StoppedListening { socket: of } | Event::Disconnected { socket: of } if *of == socket => {
                self.joined.clear();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_takes_its_place_in_the_group() {
        for (typed, chosen) in [
            ("239.1.2.3", "239.1.2.3@eth0"),
            (" ff02::1%lo ", "ff02::1@eth0"),
            ("232.1.1.1@lo/10.0.0.5", "232.1.1.1@eth0/10.0.0.5"),
            ("232.1.1.1/10.0.0.5", "232.1.1.1@eth0/10.0.0.5"),
        ] {
            let mut form = UdpForm { group: typed.to_owned(), ..UdpForm::default() };
            form.choose_interface("eth0");
            assert_eq!(form.group, chosen);
        }
    }

    #[test]
    fn the_query_keeps_what_was_joined_for_the_next_start() {
        let socket = SocketId(7);
        let mut form = EndpointForm::new("udp", "0.0.0.0", "5000", "mttl=4");
        let mut udp = UdpForm::default();
        let group: MulticastGroup = "239.1.2.3@lo".parse().unwrap();
        udp.on_event(SocketId(8), &mut form, &Event::Joined { socket: SocketId(8 - 7), group: group.clone() });
        assert!(udp.groups(&form, true).is_empty(), "of another tab");
        udp.on_event(socket, &mut form, &Event::Joined { socket, group: group.clone() });
        assert_eq!((udp.groups(&form, true), form.options.as_str()), (vec![group.clone()], "mttl=4&join=239.1.2.3@lo"));
        udp.on_event(socket, &mut form, &Event::StoppedListening { socket });
        assert!(udp.groups(&form, true).is_empty());
        assert_eq!(udp.groups(&form, false), std::slice::from_ref(&group), "joined again with the next start");
        udp.on_event(socket, &mut form, &Event::Left { socket, group });
        assert_eq!(form.options, "mttl=4");
    }
}
