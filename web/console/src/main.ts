import { QueryClient, VueQueryPlugin } from "@tanstack/vue-query";
import { createApp } from "vue";

import { Refused } from "@shared/api/client";

import App from "./App.vue";
import { router } from "./routes";
import "./styles/tokens.css";
import "./styles/base.css";
import { i18n } from "./words";

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5000,
      refetchOnWindowFocus: false,
      retry: (tries, error) => tries < 3 && !(error instanceof Refused && error.problem.status >= 400 && error.problem.status < 500),
    },
  },
});

createApp(App).use(i18n).use(router).use(VueQueryPlugin, { queryClient }).mount("#app");
