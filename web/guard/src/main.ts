import { createApp } from "vue";

import "../../console/src/styles/tokens.css";
import "./phone.css";

import App from "./App.vue";
import { router } from "./routes";
import { serveOffline } from "./shell/update";
import { speak } from "./words";

await speak();
createApp(App).use(router).mount("#app");
serveOffline();
