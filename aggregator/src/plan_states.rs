//! The books of all plans, shared by the pipeline that writes them and the doors that read them.

/// One book a plan, by its id. Readers make whole reports under the lock and never wait for anything else.
pub type SharedPlanStates =
    std::sync::Arc<std::sync::RwLock<std::collections::BTreeMap<String, aggregator_core::plan_state::PlanState>>>;
