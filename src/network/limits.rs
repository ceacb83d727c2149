//! Limits of route tables. They moved in 2026, so they are kept with their dates, and users can override them.

/// How much a route table takes, from a date on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteTableLimits {
    /// When the value was published: `YYYY-MM-DD`, or `YYYY-MM` where the day is not known.
    pub since: &'static str,
    /// Where.
    pub source: &'static str,
    /// Routes per table.
    pub routes: usize,
    /// Routes per table whose prefix is a service tag; they count among the routes too.
    pub service_tag_routes: usize,
}

/// Every published state, oldest first.
pub static ROUTE_TABLE_LIMITS: &[RouteTableLimits] = &[
    RouteTableLimits {
        since: "2022-12-05",
        source: "azure-virtual-network-limits; virtual-networks-udr-overview (2023-05-27)",
        routes: 400,
        service_tag_routes: 25,
    },
    RouteTableLimits {
        since: "2026-04-01",
        source: "azure-virtual-network-limits (azure-docs pull request 128356)",
        routes: 600,
        service_tag_routes: 25,
    },
    RouteTableLimits {
        since: "2026-05",
        source: "Azure update 562695 of spring 2026 (azure-docs pull requests 128572 and 128759)",
        routes: 1000,
        service_tag_routes: 25,
    },
];

impl RouteTableLimits {
    /// The newest state.
    pub fn newest() -> RouteTableLimits {
        ROUTE_TABLE_LIMITS.last().copied().unwrap_or(RouteTableLimits {
            since: "",
            source: "",
            routes: 400,
            service_tag_routes: 25,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_of_age_and_the_newest_holds() {
        assert!(ROUTE_TABLE_LIMITS.is_sorted_by_key(|limits| limits.since));
        assert_eq!(RouteTableLimits::newest().routes, 1000);
        assert_eq!(RouteTableLimits::newest().service_tag_routes, 25);
    }
}
