//! Comms: what a front end opens to talk with something in the kernel, beside cells.
//!
//! One target lives here, `mlnotes.variables`: it tells the session's variables when it is opened,
//! when it is asked, and after each cell. A comm for any other target is closed at once, as the
//! protocol asks.

use jupyter_protocol::{
    CommClose, CommId, CommInfo, CommInfoReply, CommMsg, JupyterMessageContent,
};
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// The target that tells variables.
const VARIABLES: &str = "mlnotes.variables";

/// Open comms, all of the one target.
#[derive(Debug, Default)]
pub struct Comms {
    open: HashSet<CommId>,
    variables: Value,
}

impl Comms {
    /// Takes a comm message; the answers go out on `IOPub`.
    pub fn handle(&mut self, content: &JupyterMessageContent) -> Vec<JupyterMessageContent> {
        match content {
            JupyterMessageContent::CommOpen(open) if open.target_name == VARIABLES => {
                self.open.insert(open.comm_id.clone());
                vec![self.message(&open.comm_id)]
            }
            JupyterMessageContent::CommOpen(open) => {
                let text = format!("no comm target `{}` in this kernel", open.target_name);
                let data = Map::from_iter([("error".to_owned(), Value::String(text))]);
                vec![CommClose { comm_id: open.comm_id.clone(), data }.into()]
            }
            JupyterMessageContent::CommMsg(message) if self.open.contains(&message.comm_id) => {
                vec![self.message(&message.comm_id)]
            }
            JupyterMessageContent::CommClose(close) => {
                self.open.remove(&close.comm_id);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// After a cell: the variables for those who watch them.
    pub fn variables(&mut self, variables: Value) -> Vec<JupyterMessageContent> {
        if self.variables == variables {
            return Vec::new();
        }
        self.variables = variables;
        self.open.iter().map(|comm| self.message(comm)).collect()
    }

    /// The open comms, all or those of one target.
    pub fn info(&self, target: Option<&str>) -> CommInfoReply {
        let wanted = target.is_none_or(|target| target.is_empty() || target == VARIABLES);
        let info = |comm: &CommId| (comm.clone(), CommInfo { target_name: VARIABLES.to_owned() });
        let comms = self.open.iter().filter(|_| wanted).map(info).collect();
        CommInfoReply { comms, ..CommInfoReply::default() }
    }

    fn message(&self, comm: &CommId) -> JupyterMessageContent {
        let variables = if self.variables.is_null() { json!([]) } else { self.variables.clone() };
        let data = Map::from_iter([("variables".to_owned(), variables)]);
        CommMsg { comm_id: comm.clone(), data }.into()
    }
}
