# ruff: noqa
from celery import shared_task
from django.db import models, transaction
from django.utils import timezone


class Order(models.Model):
    paid = models.BooleanField(default=False)
    items = models.ManyToManyField("Item")

    def close(self):
        self.paid = True
        self.closed_at = timezone.now()
        self.save(update_fields=["paid"])


@shared_task
def close(pk):
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=pk)
        order.close()
        order.items.clear()
        order.items.add(1)
        Order.objects.filter(pk=pk).update(paid=True)
