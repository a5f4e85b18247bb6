"""openCRO: a protocol goes in, a submission comes out, every number is traceable."""
