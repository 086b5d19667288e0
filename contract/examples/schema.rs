//! Prints the JSON Schema of the wire form.
fn main() {
    println!("{:#}", contract::wire::schema());
}
