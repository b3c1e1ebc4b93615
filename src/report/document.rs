//! A report as a document: sections of text, tables and charts, for the formats that people read. Cells are text already.

/// Sections under a title.
pub(super) struct Document {
    pub title: String,
    pub subtitle: String,
    pub sections: Vec<Section>,
}

pub(super) struct Section {
    pub title: &'static str,
    pub blocks: Vec<Block>,
}

pub(super) enum Block {
    Text(String),
    List(Vec<String>),
    Table(Table),
    /// Always with the table behind it.
    Chart(Chart, Table),
}

/// Cells are as many as headers; the first `text_columns` are words, the others figures.
pub(super) struct Table {
    pub caption: String,
    pub headers: Vec<&'static str>,
    pub text_columns: usize,
    pub rows: Vec<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ChartKind {
    Bars,
    Lines,
}

/// Figures side by side, never stacked: some of them have no sum.
pub(super) struct Chart {
    pub kind: ChartKind,
    pub title: String,
    pub unit: &'static str,
    pub labels: Vec<String>,
    pub series: Vec<(&'static str, Vec<Option<f64>>)>,
}
