//! Reads orders, and who bought what (docs/ams/novi.md, "Events and purchases").

use std::collections::BTreeMap;

use serde_json::Value;

use crate::adapters::ams::cancelled;
use crate::adapters::ams::json::{JsonEntry, Malformed, quantity};
use crate::domain::record::{IndividualId, Purchase};
use crate::domain::time::AmsDate;

/// By which name an order says who bought.
const BUYERS: [&str; 4] =
    ["CustomerUniqueID", "PurchaserUniqueID", "MemberUniqueID", "PurchaserCustomerUniqueID"];

/// One line of an order, with the person and its own number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapters::ams) struct OrderLine {
    person: IndividualId,
    number: Option<String>,
    purchase: Purchase,
}

impl OrderLine {
    /// Whether it is not known when it was bought.
    pub(in crate::adapters::ams) fn lacks_date(&self) -> bool {
        self.purchase.purchase_date == AmsDate::Absent
    }
}

/// The lines of all orders. One that names nobody is about nobody.
pub(in crate::adapters::ams) fn lines(orders: &[Value]) -> Vec<OrderLine> {
    orders.iter().filter_map(JsonEntry::of).flat_map(|order| lines_of(&order)).collect()
}

fn lines_of(order: &JsonEntry<'_>) -> Vec<OrderLine> {
    let buyer = BUYERS.iter().find_map(|name| order.text(name).ok().flatten());
    let Some(person) = buyer.and_then(|id| IndividualId::parse(&id)) else { return Vec::new() };
    let rows = match order.get("OrderItems") {
        Some(Value::Array(rows)) => rows.iter().collect(),
        _ => Vec::new(),
    };
    let line = |row: &Value| {
        let entry = JsonEntry::of(row);
        let number = entry.and_then(|entry| entry.text("OrderItemUniqueID").ok().flatten());
        // One that cannot be understood might be of any product.
        let purchase = entry.and_then(|entry| purchase(&entry, Some(order)).ok()).unwrap_or_default();
        OrderLine { person: person.clone(), number, purchase }
    };
    rows.into_iter().map(line).collect()
}

/// One thing that was bought; what its own row does not say, its order does.
pub(in crate::adapters::ams) fn purchase(
    row: &JsonEntry<'_>,
    order: Option<&JsonEntry<'_>>,
) -> Result<Purchase, Malformed> {
    let dates = [row.date("PurchaseDate"), row.date("OrderDate")].into_iter();
    let dates = dates
        .chain(order.into_iter().flat_map(|order| [order.date("OrderDate"), order.date("PurchaseDate")]));
    let of_order =
        order.map_or(Ok(false), |order| cancelled::is_cancelled(order, "purchase", &mut Vec::new()))?;
    Ok(Purchase {
        product: row.name("ProductUniqueID")?,
        purchase_date: dates.into_iter().find(|date| *date != AmsDate::Absent).unwrap_or_default(),
        quantity: quantity(row, "Quantity"),
        cancelled: of_order || cancelled::is_cancelled(row, "purchase", &mut Vec::new())?,
    })
}

/// Adds the dates of the list of purchases, by the number of the line.
pub(in crate::adapters::ams) fn complete(lines: &mut [OrderLine], purchases: &[Value]) {
    let dated = purchases
        .iter()
        .filter_map(JsonEntry::of)
        .filter_map(|row| Some((row.text("OrderItemUniqueID").ok()??, row.date("PurchaseDate"))));
    let dates: BTreeMap<String, AmsDate> = dated.collect();
    for line in lines.iter_mut().filter(|line| line.lacks_date()) {
        if let Some(date) = line.number.as_ref().and_then(|number| dates.get(number)) {
            line.purchase.purchase_date = date.clone();
        }
    }
}

/// The lines by person.
pub(in crate::adapters::ams) fn by_person(lines: Vec<OrderLine>) -> BTreeMap<IndividualId, Vec<Purchase>> {
    let mut people: BTreeMap<IndividualId, Vec<Purchase>> = BTreeMap::new();
    for line in lines {
        people.entry(line.person).or_default().push(line.purchase);
    }
    people
}
