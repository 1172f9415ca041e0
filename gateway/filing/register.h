/* Registers the compiled forms with the database: what was sent with which version, the views of schema `report`. */
#ifndef FILING_REGISTER_H
#define FILING_REGISTER_H

#include "pipeline.h"

/* Compiles the sources and hands them to api.forms_register(). REACH_STOP when a form is not right. */
int register_forms(struct db *db, const struct pipeline_sources *sources, int64_t now, struct error *err);

/* A form as the database keeps it; source: the bytes of its file. A new reference. */
json_t *register_form_json(const struct form *form, struct view source);

#endif
