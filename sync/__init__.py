"""Everything on disk or over a wire: store, FHIR client, keys and tokens, sandbox EHR."""
