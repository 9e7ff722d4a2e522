// Sends a push to everybody that the API key reaches.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	corev1 "example.com/alerts/gen/smith/core/v1"
)

func main() {
	// Beyond this machine: credentials.NewTLS(nil) instead of insecure.NewCredentials().
	connection, err := grpc.NewClient("127.0.0.1:50051", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+os.Getenv("ACTIVITYSMITH_API_KEY"))

	answer, err := corev1.NewPushNotificationServiceClient(connection).SendPushNotification(
		ctx, &corev1.SendPushNotificationRequest{Title: "Deploy finished"},
	)
	if err != nil {
		for _, detail := range status.Convert(err).Details() {
			if info, ok := detail.(*errdetails.ErrorInfo); ok {
				log.Fatalf("%s: %v", info.GetReason(), err)
			}
		}
		log.Fatal(err)
	}
	fmt.Println(answer.GetDevicesNotified(), "device notified by", answer.GetNotificationId())
}
