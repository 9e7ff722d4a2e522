"""smith.core.v1.MetricService over gRPC."""

from typing import Any

from smith.core.v1 import metric_service_pb2 as messages
from smith.core.v1 import metric_service_pb2_grpc

from core_service.common.reading import choice, given, read_time, to_timestamp
from core_service.identity import principal
from core_service.widget_metrics.models import WidgetMetric
from core_service.widget_metrics.service import Definition, Format, Metrics, check_definition
from service_kit.json_mapping.contract import enum_names

FORMATS: dict[str, Any] = {name: number for number, name in enum_names(messages.MetricFormat.DESCRIPTOR).items()}
SPACINGS: dict[str, Any] = {name: number for number, name in enum_names(messages.MetricUnitSpacing.DESCRIPTOR).items()}


class MetricServicer(metric_service_pb2_grpc.MetricServiceServicer):
    """Serves the metrics of the caller's account."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def CreateMetric(self, request: messages.CreateMetricRequest, context: Any) -> messages.CreateMetricResponse:
        account_id, key = principal.session().account_id, request.key.lower()
        return messages.CreateMetricResponse(
            metric=_to_metric(await self._metrics.create(account_id, key, _definition(request, key)))
        )

    async def ListMetrics(self, request: messages.ListMetricsRequest, context: Any) -> messages.ListMetricsResponse:
        found = await self._metrics.list(principal.session().account_id)
        return messages.ListMetricsResponse(metrics=[_to_metric(one) for one in found])

    async def UpdateMetric(self, request: messages.UpdateMetricRequest, context: Any) -> messages.UpdateMetricResponse:
        account_id, key = principal.session().account_id, request.key.lower()
        return messages.UpdateMetricResponse(
            metric=_to_metric(await self._metrics.redefine(account_id, key, _definition(request, key)))
        )

    async def DeleteMetric(self, request: messages.DeleteMetricRequest, context: Any) -> messages.DeleteMetricResponse:
        await self._metrics.delete(principal.session().account_id, request.key)
        return messages.DeleteMetricResponse()

    async def PutMetricValue(
        self, request: messages.PutMetricValueRequest, context: Any
    ) -> messages.PutMetricValueResponse:
        value = request.value_text if request.HasField("value_text") else request.value
        await self._metrics.put_value(principal.whole_account(), request.key, value, read_time(request, "timestamp"))
        return messages.PutMetricValueResponse(success=True)

    async def ListDeviceMetrics(
        self, request: messages.ListDeviceMetricsRequest, context: Any
    ) -> messages.ListDeviceMetricsResponse:
        found = await self._metrics.list(principal.device().account_id)
        return messages.ListDeviceMetricsResponse(metrics=[_to_metric(one) for one in found])


def _definition(request: messages.CreateMetricRequest | messages.UpdateMetricRequest, key: str) -> Definition:
    return check_definition(
        label=given(request, "label") or key,
        format_=choice(request, "format", Format),
        currency_code=given(request, "currency_code"),
        unit=given(request, "unit"),
        unit_spacing=choice(request, "unit_spacing", str),
    )


def _to_metric(metric: WidgetMetric) -> messages.Metric:
    return messages.Metric(
        id=str(metric.id),
        key=metric.key,
        label=metric.label,
        format=FORMATS[metric.format],
        currency_code=metric.currency_code,
        unit=metric.unit,
        unit_spacing=SPACINGS[metric.unit_spacing] if metric.unit_spacing else None,
        latest_value=metric.number,
        latest_value_text=metric.text,
        latest_value_at=to_timestamp(metric.measured_at),
        created_at=to_timestamp(metric.created_at),
        updated_at=to_timestamp(metric.updated_at),
    )
