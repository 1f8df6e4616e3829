/** A site's versions and the parameters of one of them; anew when another comes into force. */
import { useQuery, useQueryClient } from "@tanstack/vue-query";
import type { Ref } from "vue";

import { client, taken } from "@shared/api/client";

import { onPush } from "@/live/live";
import { siteId } from "@/session/session";

export function useVersions(shown: Ref<number | null>) {
  const cache = useQueryClient();
  const versions = useQuery({
    queryKey: ["versions", siteId],
    queryFn: () => taken(client.GET("/api/v1/sites/{site}/versions", { params: { path: { site: siteId.value } } })),
    enabled: () => siteId.value !== "",
  });
  const parameters = useQuery({
    queryKey: ["parameters", siteId, shown],
    queryFn: () => taken(client.GET("/api/v1/sites/{site}/parameters", { params: { path: { site: siteId.value }, query: { version: shown.value } } })),
    enabled: () => siteId.value !== "",
    placeholderData: (before) => before,
  });
  const changes = useQuery({
    queryKey: ["version-changes", siteId, shown],
    queryFn: () => taken(client.GET("/api/v1/sites/{site}/versions/{number}/changes", { params: { path: { site: siteId.value, number: shown.value! } } })),
    enabled: () => siteId.value !== "" && shown.value !== null,
  });
  const anew = () => Promise.all([["versions"], ["parameters"], ["version-changes"]].map((queryKey) => cache.invalidateQueries({ queryKey })));
  onPush("register", () => void anew());
  const withdraw = async (number: number, reason: string) => {
    await taken(client.POST("/api/v1/sites/{site}/versions/{number}/withdraw", { params: { path: { site: siteId.value, number } }, body: { reason } }));
    await anew();
  };
  return { versions, parameters, changes, withdraw };
}
