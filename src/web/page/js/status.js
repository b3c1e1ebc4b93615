// Words for the status of a target.
export const STATUS = { met: "met", on_path: "on the path", below_path: "behind the path", missed: "missed", path_not_set: "no path set", not_set: "baseline not set", not_computable: "not known", reference: "reference" };
