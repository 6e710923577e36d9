use durable_runtime::prelude::*;

struct Warehouse;

#[activity]
async fn pack(
    warehouse: State<Warehouse>,
    mut boxes: Vec<u32>,
    ctx: ActivityContext,
    (width, height): (u32, u32),
) -> u32 {
    let _: &Warehouse = &warehouse;
    boxes.push(width * height);
    boxes.iter().sum::<u32>() + ctx.attempt()
}

#[activity(blocking)]
fn pack_slowly(ctx: ActivityContext, warehouse: State<Warehouse>, boxes: Vec<u32>) -> usize {
    let _: &Warehouse = &warehouse;
    boxes.len() + ctx.attempt() as usize
}

pub(crate) fn main() {
    let _call = pack(vec![1], (2, 3));
    let _call = pack_slowly(vec![1]);
}
