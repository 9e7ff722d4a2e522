// Sends a push to everybody that the API key reaches.
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

import { PushNotificationService } from "./gen/smith/core/v1/push_notification_service_pb.js";

// https:// where the server speaks TLS.
const client = createClient(PushNotificationService, createGrpcTransport({ baseUrl: "http://127.0.0.1:50051" }));
const headers = { authorization: `Bearer ${process.env.ACTIVITYSMITH_API_KEY}` };

try {
  const answer = await client.sendPushNotification({ title: "Deploy finished" }, { headers, timeoutMs: 10_000 });
  console.log(answer.devicesNotified, "device notified by", answer.notificationId);
} catch (error) {
  const refused = ConnectError.from(error);
  console.error(`${Code[refused.code]}: ${refused.rawMessage}`);
  process.exitCode = 1;
}
