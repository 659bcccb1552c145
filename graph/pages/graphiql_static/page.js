// GraphiQL with the explorer. `settings` is the JSON in the page: the endpoint's path and the tabs of examples.
const settings = JSON.parse(document.getElementById("settings").textContent);
const endpoint = new URL(settings.endpoint, window.location.href);
const socket = new URL(endpoint);
socket.protocol = endpoint.protocol === "https:" ? "wss:" : "ws:";

const fetcher = GraphiQL.createFetcher({
  url: endpoint.toString(),
  subscriptionUrl: socket.toString(),
  headers: { "X-Switchboard": "1" }, // no foreign page can send it, so the cookie is safe to use
});

const page = React.createElement(GraphiQL, {
  fetcher,
  defaultTabs: settings.tabs.length ? settings.tabs : undefined,
  plugins: [GraphiQLPluginExplorer.explorerPlugin()],
  defaultEditorToolsVisibility: true,
  inputValueDeprecation: true,
  schemaDescription: true,
  isHeadersEditorEnabled: true,
  shouldPersistHeaders: false, // they hold tokens
});

ReactDOM.createRoot(document.getElementById("graphiql")).render(page);
