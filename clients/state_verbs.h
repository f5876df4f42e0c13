// Verbs that look: status, watch, top, explain, version.
#ifndef ABCDS_CLIENTS_STATE_VERBS_H_
#define ABCDS_CLIENTS_STATE_VERBS_H_

#include "clients/invocation.h"

namespace abcds {

int RunStatus(const Invocation& invocation);
int RunWatch(const Invocation& invocation);
int RunTop(const Invocation& invocation);
int RunExplain(const Invocation& invocation);
int RunVersion(const Invocation& invocation);

}  // namespace abcds

#endif  // ABCDS_CLIENTS_STATE_VERBS_H_
