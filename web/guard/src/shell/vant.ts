/** What we take of Vant: its sheet and its toast, without the icon font that the style of its parts would bring along. */
import "vant/es/style/base.css";
import "vant/es/overlay/index.css";
import "vant/es/popup/index.css";
import "vant/es/toast/index.css";

export { Popup, showToast } from "vant";
