// Everything that the viewer would ask of others is off; the page's content security policy forbids it in any case.
Scalar.createApiReference("#reference", {
  url: "openapi.json",
  withDefaultFonts: false,
  telemetry: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: "never",
  hideClientButton: true,
  hideModels: true,
  orderSchemaPropertiesBy: "preserve",
  documentDownloadType: "direct",
  defaultHttpClient: { targetKey: "shell", clientKey: "curl" },
  metaData: { title: "ActivitySmith API" },
})
