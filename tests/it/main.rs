mod oracle;
mod rule;
