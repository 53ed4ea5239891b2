//! Orders, products, what was bought, and subscriptions.

use serde_json::{Value, json};

use crate::sim::novi::paging::page;
use crate::sim::novi::people::{Customer, Product, Purchase};
use crate::sim::novi::state::State;
use crate::sim::novi::wire::Writer;
use crate::sim::serving::{Call, Handled};

fn purchases_of<'a>(state: &'a State, call: &Call) -> Vec<(&'a Customer, &'a Purchase, &'a Product)> {
    let of = |it: &'a Customer| it.purchases.iter().map(move |purchase| (it, purchase));
    let product = |(it, purchase): (&'a Customer, &'a Purchase)| {
        Some((it, purchase, state.directory.product(&purchase.product)?))
    };
    state.directory.all(call.environment).flat_map(of).filter_map(product).collect()
}

fn item_id(writer: Writer<'_>, purchase: &Purchase) -> Value {
    writer.derived(&["item", &purchase.order, &purchase.product])
}

pub(in crate::sim::novi) fn products(state: &mut State, call: &Call) -> Handled {
    let writer = Writer::new(state, call.environment);
    page(&state.switches, call, &state.directory.products, |it| {
        json!({
            "UniqueID": writer.id(&it.unique_id), "Name": it.name, "Price": it.price,
            "ProductType": if it.is_subscription { "Subscription" } else { "Standard" },
            "PurchasableByNonMembers": true, "PurchasableByCompanies": false,
        })
    })
}

/// One list of all. Who bought it is on the order only.
pub(in crate::sim::novi) fn purchases(state: &mut State, call: &Call) -> Handled {
    let all = purchases_of(state, call);
    let writer = Writer::new(state, call.environment);
    page(&state.switches, call, &all, |(_, it, product)| {
        json!({
            "OrderItemUniqueID": item_id(writer, it), "ProductUniqueID": writer.id(&product.unique_id),
            "Quantity": it.quantity, "OrderID": it.order, "PurchaseDate": writer.date(it.purchase_date.as_deref()),
        })
    })
}

pub(in crate::sim::novi) fn orders(state: &mut State, call: &Call) -> Handled {
    let mut orders: Vec<Vec<(&Customer, &Purchase, &Product)>> = Vec::new();
    for line in purchases_of(state, call) {
        let same = |order: &&mut Vec<(&Customer, &Purchase, &Product)>| {
            order
                .first()
                .is_some_and(|first| first.1.order == line.1.order && first.0.unique_id == line.0.unique_id)
        };
        match orders.last_mut().filter(same) {
            Some(order) => order.push(line),
            None => orders.push(vec![line]),
        }
    }
    let writer = Writer::new(state, call.environment);
    page(&state.switches, call, &orders, |lines| {
        let first = lines.first();
        let item = |(_, it, product): &(&Customer, &Purchase, &Product)| {
            json!({
                "OrderItemUniqueID": item_id(writer, it), "ProductUniqueID": writer.id(&product.unique_id),
                "Name": product.name, "Quantity": it.quantity, "Price": product.price,
            })
        };
        json!({
            "OrderID": first.map(|(_, it, _)| &it.order),
            "CustomerUniqueID": first.map(|(customer, ..)| writer.id(&customer.unique_id)),
            "OrderDate": first.map(|(_, it, _)| writer.date(it.purchase_date.as_deref())),
            "OrderItems": lines.iter().map(item).collect::<Vec<Value>>(),
        })
    })
}

pub(in crate::sim::novi) fn subscriptions(state: &mut State, call: &Call) -> Handled {
    let mut all = purchases_of(state, call);
    all.retain(|(_, _, product)| product.is_subscription);
    let writer = Writer::new(state, call.environment);
    page(&state.switches, call, &all, |(customer, it, product)| {
        json!({
            "UniqueID": writer.derived(&["subscription", &it.order, &it.product]),
            "ProductUniqueID": writer.id(&product.unique_id), "ProductName": product.name,
            "CustomerUniqueID": writer.id(&customer.unique_id),
            "SubscriptionStart": writer.date(it.subscription_start.as_deref()),
            "SubscriptionEnd": writer.date(it.subscription_end.as_deref()),
            "Cancelled": it.cancelled, "SubscriptionAutoRenew": false,
            "LastBilled": writer.date(it.purchase_date.as_deref()),
        })
    })
}
