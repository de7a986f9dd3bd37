"""A report as HTML, as Markdown and as files of figures."""
