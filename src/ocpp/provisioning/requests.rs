//! Every request that is ever sent to a charge point: a closed set, built of typed requests. Nothing else can be sent: no Reset, no
//! ChangeAvailability, no UnlockConnector, no ClearCache, no firmware, no charging profile, and no trigger of a BootNotification, which
//! makes some charge points reboot without end (lbbrhzn/ocpp issues 337, 1096).

use ocpp_rs::v16::call as v16;
use ocpp_rs::v16::enums::MessageTrigger;
use ocpp_rs::v21::call as v2;
use ocpp_rs::v21::datatypes::{ComponentType, VariableType};
use ocpp_rs::v21::messages::get_base_report::{GetBaseReportRequest, ReportBaseEnumType};
use ocpp_rs::v21::messages::get_transaction_status::GetTransactionStatusRequest;
use ocpp_rs::v21::messages::get_variables::{GetVariableDataType, GetVariablesRequest};
use ocpp_rs::v21::messages::set_variables::{SetVariableDataType, SetVariablesRequest};
use serde::Serialize;

use super::keys::{Key, Kind, row_of, rows};
use crate::model::OcppVersion;

/// A message that a charge point is requested to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trigger {
    Status,
    MeterValues,
}

/// A request to a charge point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum ProvisioningRequest {
    /// GetConfiguration or GetVariables. In OCPP 1.6 no key means all keys.
    Read(Vec<Key>),
    /// ChangeConfiguration or SetVariables.
    Write(Write),
    /// TriggerMessage of OCPP 1.6, for all connectors or one.
    Trigger(Trigger, Option<u32>),
    /// GetBaseReport of the full inventory, with this request id.
    Inventory(i32),
    /// GetTransactionStatus of this transaction.
    Transaction(String),
}

/// A value for a key of the table, with the key's name in the charge point's own spelling.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Write {
    key: Key,
    spelling: String,
    value: String,
}

impl Write {
    /// `None` unless `spelling` names a key that may be written.
    pub(super) fn new(version: OcppVersion, spelling: &str, value: String) -> Option<Self> {
        let row = row_of(version, spelling).filter(|row| row.kind != Kind::ReadOnly)?;
        Some(Self {
            key: row.key,
            spelling: spelling.to_owned(),
            value,
        })
    }

    pub(super) fn key(&self) -> Key {
        self.key
    }

    pub(super) fn value(&self) -> &str {
        &self.value
    }
}

impl ProvisioningRequest {
    /// The frame; `None` if the version has no such request.
    pub(super) fn frame(&self, version: OcppVersion, id: &str) -> Option<String> {
        match version {
            OcppVersion::V16 => Some(text(&v16::Call::new(id.to_owned(), self.v16()?))),
            // These requests are the same in 2.0.1 and 2.1.
            OcppVersion::V201 | OcppVersion::V21 => {
                Some(text(&v2::Call::new(id.to_owned(), self.v2()?)))
            }
        }
    }

    fn v16(&self) -> Option<v16::Action> {
        Some(match self {
            Self::Read(keys) => {
                let key = (!keys.is_empty()).then(|| names(keys, OcppVersion::V16));
                v16::Action::GetConfiguration(v16::GetConfiguration { key })
            }
            Self::Write(Write {
                spelling, value, ..
            }) => v16::Action::ChangeConfiguration(v16::ChangeConfiguration {
                key: spelling.clone(),
                value: value.clone(),
            }),
            Self::Trigger(trigger, connector_id) => {
                let requested_message = match trigger {
                    Trigger::Status => MessageTrigger::StatusNotification,
                    Trigger::MeterValues => MessageTrigger::MeterValues,
                };
                v16::Action::TriggerMessage(v16::TriggerMessage {
                    requested_message,
                    connector_id: *connector_id,
                })
            }
            Self::Inventory(_) | Self::Transaction(_) => return None,
        })
    }

    fn v2(&self) -> Option<v2::Action> {
        Some(match self {
            Self::Read(keys) => v2::Action::GetVariables(GetVariablesRequest {
                get_variable_data: names(keys, OcppVersion::V201)
                    .iter()
                    .filter_map(|name| {
                        let (component, variable) = component_and_variable(name)?;
                        Some(GetVariableDataType {
                            attribute_type: None,
                            component,
                            variable,
                            custom_data: None,
                        })
                    })
                    .collect(),
                custom_data: None,
            }),
            Self::Write(Write {
                spelling, value, ..
            }) => {
                let (component, variable) = component_and_variable(spelling)?;
                v2::Action::SetVariables(SetVariablesRequest {
                    set_variable_data: vec![SetVariableDataType {
                        attribute_type: None,
                        attribute_value: value.clone(),
                        component,
                        variable,
                        custom_data: None,
                    }],
                    custom_data: None,
                })
            }
            Self::Inventory(request_id) => v2::Action::GetBaseReport(GetBaseReportRequest {
                request_id: *request_id,
                report_base: ReportBaseEnumType::FullInventory,
                custom_data: None,
            }),
            Self::Transaction(id) => {
                v2::Action::GetTransactionStatus(GetTransactionStatusRequest {
                    transaction_id: Some(id.clone()),
                    custom_data: None,
                })
            }
            Self::Trigger(..) => return None,
        })
    }
}

fn names(keys: &[Key], version: OcppVersion) -> Vec<String> {
    rows(version)
        .filter(|row| keys.contains(&row.key))
        .map(|row| row.name(version).to_owned())
        .collect()
}

fn component_and_variable(name: &str) -> Option<(ComponentType, VariableType)> {
    let (component, variable) = name.split_once('.')?;
    Some((
        ComponentType {
            evse: None,
            name: component.to_owned(),
            instance: None,
            custom_data: None,
        },
        VariableType {
            name: variable.to_owned(),
            instance: None,
            custom_data: None,
        },
    ))
}

fn text(call: &impl Serialize) -> String {
    serde_json::to_string(call).expect("structures of text and numbers always serialise")
}

#[cfg(test)]
mod tests {
    use crate::ocpp::provisioning::requests::*;

    #[test]
    fn requests_are_encoded_by_the_standard() {
        use OcppVersion::{V16, V201};
        let write = |version, name, value: &str| {
            ProvisioningRequest::Write(Write::new(version, name, value.to_owned()).unwrap())
        };
        for (version, request, want) in [
            (
                V16,
                ProvisioningRequest::Read(Vec::new()),
                r#"[2,"a","GetConfiguration",{}]"#,
            ),
            (
                V16,
                ProvisioningRequest::Read(vec![Key::Profiles]),
                r#"[2,"a","GetConfiguration",{"key":["SupportedFeatureProfiles"]}]"#,
            ),
            (
                V16,
                write(V16, "heartbeatInterval", "300"),
                r#"[2,"a","ChangeConfiguration",{"key":"heartbeatInterval","value":"300"}]"#,
            ),
            (
                V16,
                ProvisioningRequest::Trigger(Trigger::Status, None),
                r#"[2,"a","TriggerMessage",{"requestedMessage":"StatusNotification"}]"#,
            ),
            (
                V16,
                ProvisioningRequest::Trigger(Trigger::MeterValues, Some(2)),
                r#"[2,"a","TriggerMessage",{"requestedMessage":"MeterValues","connectorId":2}]"#,
            ),
            (
                V201,
                ProvisioningRequest::Read(vec![Key::SampleInterval]),
                r#"[2,"a","GetVariables",{"getVariableData":[{"component":{"name":"SampledDataCtrlr"},"variable":{"name":"TxUpdatedInterval"}}]}]"#,
            ),
            (
                V201,
                write(V201, "AlignedDataCtrlr.Interval", "900"),
                r#"[2,"a","SetVariables",{"setVariableData":[{"attributeValue":"900","component":{"name":"AlignedDataCtrlr"},"variable":{"name":"Interval"}}]}]"#,
            ),
            (
                V201,
                ProvisioningRequest::Inventory(7),
                r#"[2,"a","GetBaseReport",{"requestId":7,"reportBase":"FullInventory"}]"#,
            ),
            (
                V201,
                ProvisioningRequest::Transaction("t".into()),
                r#"[2,"a","GetTransactionStatus",{"transactionId":"t"}]"#,
            ),
        ] {
            assert_eq!(request.frame(version, "a").as_deref(), Some(want));
        }
        assert_eq!(ProvisioningRequest::Inventory(7).frame(V16, "a"), None);
    }

    #[test]
    fn only_keys_of_the_table_can_be_written() {
        for name in [
            "AuthorizationKey",
            "GetConfigurationMaxKeys",
            "SampledDataCtrlr.TxUpdatedInterval",
            "LocalPreAuthorize",
            "",
        ] {
            assert_eq!(
                Write::new(OcppVersion::V16, name, "1".into()),
                None,
                "{name}"
            );
        }
    }
}
