//! All functions of these examples, for the programs that need all of them.

use durable_runtime::registry::Registry;

use crate::agent;
use crate::aggregator;
use crate::bank_transfer;
use crate::cart;
use crate::fan_out_fan_in;
use crate::function_chaining;
use crate::hello;
use crate::human_interaction;
use crate::inventory;
use crate::monitor;
use crate::nightly_report;
use crate::order_processing::activities;
use crate::order_processing::orchestrator::process_order;

/// Returns all orchestrators, activities and entities.
pub fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.register(hello::hello);
    registry.register(hello::greet);
    registry.register(hello::shout);
    registry.register(function_chaining::make_quote);
    registry.register(function_chaining::look_up_price);
    registry.register(function_chaining::discount);
    registry.register(function_chaining::convert);
    registry.register(function_chaining::write_quote);
    registry.register(fan_out_fan_in::take_stock);
    registry.register(fan_out_fan_in::list_warehouses);
    registry.register(fan_out_fan_in::count_warehouse);
    registry.register(monitor::watch_parcel);
    registry.register(monitor::ask_carrier);
    registry.register(human_interaction::resolve_shortage);
    registry.register(human_interaction::ask_for_decision);
    registry.register(human_interaction::send_order);
    registry.register_entity::<aggregator::OrderStatus>();
    registry.register(aggregator::close_order);
    registry.register(aggregator::archive);
    registry.register(aggregator::send_survey);
    registry.register_entity::<bank_transfer::Account>();
    registry.register(bank_transfer::transfer);
    registry.register(bank_transfer::add_up);
    registry.register_entity::<inventory::Inventory>();
    registry.register(inventory::sell);
    registry.register(inventory::charge_card);
    registry.register(process_order);
    registry.register(activities::validate);
    registry.register(activities::charge);
    registry.register(activities::refund);
    registry.register(activities::pack_cd);
    registry.register(activities::ship);
    registry.register(agent::agent);
    registry.register(agent::think);
    registry.register(agent::find_order);
    registry.register(agent::read_terms);
    registry.register(agent::refund);
    registry.register(agent::ask_person);
    registry.register(nightly_report::every_night);
    registry.register(nightly_report::nightly_report);
    registry.register(nightly_report::list_customers);
    registry.register(nightly_report::sales_of);
    registry.register(nightly_report::reported);
    registry.register(nightly_report::publish);
    registry.register_entity::<cart::Cart>();
    registry.register_entity::<cart::Stock>();
    registry.register(cart::check_out);
    registry.register(cart::remind);
    registry.register(cart::charge);
    registry.register(cart::send_mail);
    registry
}
