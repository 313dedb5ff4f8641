
M
PlaceholderPlaceholder*
dtype0*$
shape:ÿÿÿÿÿÿÿÿÿ
"
ReluReluPlaceholder*
T0
"
output0IdentityRelu*
T0