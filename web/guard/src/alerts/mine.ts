/** Which of the open alerts wait for whoever holds this phone. */
import { computed } from "vue";

import type { Alert } from "@shared/api/types";

import { live, mySeats } from "@guard/live/live";
import { personId } from "@guard/session/session";

const isMine = (a: Alert): boolean =>
  personId.value !== "" && (a.custody_by === personId.value || (a.custody_by === null && (a.holder_id === personId.value || mySeats.value.includes(a.seat_id))));

export const myAlerts = computed(() => (live.value?.alerts ?? []).filter(isMine));
export const otherAlerts = computed(() => (live.value?.alerts ?? []).filter((a) => !isMine(a)));
export const unanswered = (a: Alert): boolean => a.state === "raised" || a.state === "cleared";
